// The nodes for texts and values, through the graph, as ComfyUI's Python has them.
#include "sagitta/base/error.h"
#include "sagitta/core/array.h"
#include "sagitta/graph/execute.h"
#include "sagitta/graph/validate.h"
#include "sagitta/graph/workflow.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>

namespace sagitta::nodes {
namespace {

using testing::HasSubstr;

// What PreviewAny shows of the first output of node 1.
std::string shown(const Json& api) {
  static const graph::Registry registry = all_nodes();
  Json all = api;
  all["preview"] =
      Json{{"class_type", "PreviewAny"}, {"inputs", {{"source", Json::array({"1", 0})}}}};
  const graph::Prompt prompt = graph::parse_prompt(all);
  try {
    graph::require_valid(graph::validate(prompt, registry));
    graph::Cache cache;
    return graph::execute(prompt, registry, cache).ui.at("preview").at("text").at(0);
  } catch (const Error& error) {
    return std::string("error: ") + error.what();
  }
}

std::string run(const char* type, const Json& inputs) {
  return shown(Json{{"1", {{"class_type", type}, {"inputs", inputs}}}});
}

TEST(Primitives, GiveTheirValue) {
  EXPECT_EQ(run("PrimitiveInt", {{"value", 7}}), "7");
  EXPECT_EQ(run("PrimitiveFloat", {{"value", 2}}), "2.0");
  EXPECT_EQ(run("PrimitiveBoolean", {{"value", false}}), "False");
  EXPECT_EQ(run("PrimitiveString", {{"value", "ü"}}), "ü");
  EXPECT_EQ(run("PrimitiveStringMultiline", {{"value", "a\nb"}}), "a\nb");
  EXPECT_THAT(run("PrimitiveInt", {{"value", "x"}}), HasSubstr("expected an integer"));
}

TEST(Primitives, FeedWidgets) {
  EXPECT_EQ(shown(Json::parse(R"({"2": {"class_type": "PrimitiveInt", "inputs": {"value": 1}},
      "3": {"class_type": "PrimitiveString", "inputs": {"value": "fuchs"}},
      "1": {"class_type": "StringSubstring", "inputs": {"string": ["3", 0], "start": ["2", 0], "end": -1}}})")),
            "uch");
}

TEST(TextNodes, CutAndJoinByCharacters) {
  EXPECT_EQ(run("StringConcatenate", {{"string_a", "a"}, {"string_b", "b"}, {"delimiter", ", "}}),
            "a, b");
  EXPECT_EQ(run("StringLength", {{"string", "狐🦊é"}}), "3");
  const auto part = [](int start, int end) {
    return run("StringSubstring", {{"string", "狐🦊éx"}, {"start", start}, {"end", end}});
  };
  EXPECT_EQ(part(1, 3), "🦊é");
  EXPECT_EQ(part(-2, 99), "éx");
  EXPECT_EQ(part(3, 1), "");
  EXPECT_EQ(part(-99, -3), "狐");
}

TEST(TextNodes, ChangeAndCompare) {
  const auto cased = [](const char* mode) {
    return run("CaseConverter", {{"string", "straße BLAU"}, {"mode", mode}});
  };
  EXPECT_EQ(cased("UPPERCASE"), "STRASSE BLAU");
  EXPECT_EQ(cased("lowercase"), "straße blau");
  EXPECT_EQ(cased("Capitalize"), "Straße blau");
  EXPECT_EQ(cased("Title Case"), "Straße Blau");
  const auto trimmed = [](const char* mode) {
    return run("StringTrim", {{"string", "\xE3\x80\x80 a\xC2\xA0\n"}, {"mode", mode}});
  };
  EXPECT_EQ(trimmed("Both"), "a");
  EXPECT_EQ(trimmed("Left"), "a\xC2\xA0\n");
  EXPECT_EQ(trimmed("Right"), "\xE3\x80\x80 a");
  const auto replaced = [](const char* find) {
    return run("StringReplace", {{"string", "éaa"}, {"find", find}, {"replace", "-"}});
  };
  EXPECT_EQ(replaced("a"), "é--");
  EXPECT_EQ(replaced(""), "-é-a-a-");
  EXPECT_EQ(replaced("x"), "éaa");
  EXPECT_EQ(
      run("StringContains", {{"string", "ÉA"}, {"substring", "é"}, {"case_sensitive", false}}),
      "True");
  EXPECT_EQ(run("StringContains", {{"string", "ÉA"}, {"substring", "é"}, {"case_sensitive", true}}),
            "False");
  const auto compared = [](const char* mode, bool exact) {
    return run(
        "StringCompare",
        {{"string_a", "Fox"}, {"string_b", "fox"}, {"mode", mode}, {"case_sensitive", exact}});
  };
  EXPECT_EQ(compared("Equal", true), "False");
  EXPECT_EQ(compared("Equal", false), "True");
  EXPECT_EQ(compared("Starts With", false), "True");
  EXPECT_EQ(compared("Ends With", true), "False");
}

Json regex(const char* text, const char* pattern, Json more = Json::object()) {
  Json inputs{{"string", text},
              {"regex_pattern", pattern},
              {"case_insensitive", true},
              {"multiline", false},
              {"dotall", false}};
  inputs.update(more);
  return inputs;
}

TEST(RegexNodes, MatchAndExtract) {
  EXPECT_EQ(run("RegexMatch", regex("a FOX", "fox$")), "True");
  EXPECT_EQ(run("RegexMatch", regex("a", "(")), "False") << "no pattern at all";
  const auto extracted = [](const char* pattern, const char* mode, int group) {
    return run("RegexExtract", regex("a1 b2 c", pattern, {{"mode", mode}, {"group_index", group}}));
  };
  EXPECT_EQ(extracted("\\w\\d", "First Match", 1), "a1");
  EXPECT_EQ(extracted("\\w\\d", "All Matches", 1), "a1\nb2");
  EXPECT_EQ(extracted("(\\w)(\\d)", "All Matches", 2), "a\nb") << "the first group, as findall";
  EXPECT_EQ(extracted("(\\w)(\\d)", "First Group", 2), "1");
  EXPECT_EQ(extracted("(\\w)(\\d)", "First Group", 0), "a1");
  EXPECT_EQ(extracted("(\\w)(\\d)", "All Groups", 2), "1\n2");
  EXPECT_EQ(extracted("(\\w)(\\d)", "All Groups", 3), "");
  EXPECT_EQ(extracted("x", "First Match", 1), "");
}

TEST(RegexNodes, Replace) {
  EXPECT_EQ(run("RegexReplace", regex("a1 b2", "(\\w)(\\d)", {{"replace", "\\2\\1"}})), "1a 2b");
  EXPECT_EQ(run("RegexReplace", {{"string", "aA"}, {"regex_pattern", "a"}, {"replace", "x"}}), "xx")
      << "the options have defaults";
  EXPECT_EQ(run("RegexReplace", regex("aaa", "a", {{"replace", "x"}, {"count", 2}})), "xxa");
  EXPECT_THAT(run("RegexReplace", regex("a", "(", {{"replace", "x"}})),
              HasSubstr("no regular expression"));
}

TEST(RegexNodes, PatternsThatTakeTooLongAreErrors) {
  EXPECT_THAT(run("RegexMatch", regex("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "(a+)+$")),
              HasSubstr("node 1 (RegexMatch)"));
}

TEST(FormatNode, TakesAsManyValuesAsItIsGiven) {
  const Json api = Json::parse(R"({"2": {"class_type": "PrimitiveFloat", "inputs": {"value": 0.5}},
      "3": {"class_type": "PrimitiveString", "inputs": {"value": "fox"}},
      "1": {"class_type": "StringFormat", "inputs": {"values.a": ["3", 0], "values.c": ["2", 0],
            "f_string": "{a:>5}|{c:.2f}|{{}}"}}})");
  EXPECT_EQ(shown(api), "  fox|0.50|{}");
  EXPECT_EQ(run("StringFormat", {{"f_string", "plain"}}), "plain");
  EXPECT_THAT(run("StringFormat", {{"f_string", "{b}"}}), HasSubstr("{b}, which has no value"));
}

TEST(JsonNode, PrintsTheValueAsPython) {
  const auto value = [](const char* key) {
    return run("JsonExtractString",
               {{"json_string",
                 R"({"a": 1.0, "b": [true, null, "it's", {"k": "v"}], "c": "x", "d": null})"},
                {"key", key}});
  };
  EXPECT_EQ(value("a"), "1.0");
  EXPECT_EQ(value("b"), "[True, None, \"it's\", {'k': 'v'}]");
  EXPECT_EQ(value("c"), "x");
  EXPECT_EQ(value("d"), "");
  EXPECT_EQ(value("e"), "");
  EXPECT_EQ(run("JsonExtractString", {{"json_string", "[1"}, {"key", "a"}}), "");
}

TEST(PreviewAnyNode, ShowsWhateverThereIs) {
  EXPECT_THAT(run("EmptyLatentImage", {{"width", 16}, {"height", 16}, {"batch_size", 1}}),
              HasSubstr("has no text"));
}

}  // namespace
}  // namespace sagitta::nodes
