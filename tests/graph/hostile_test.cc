// Workflows from hostile or broken sources must end in a clear error: no crash, no flood, no hang.
#include "graph/toy_nodes.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/validate.h"
#include "sagitta/graph/workflow.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::HasSubstr;

std::string failure(const std::string& text) {
  static const Registry registry = toy::registry();
  try {
    toy::Services services;
    const Workflow workflow =
        parse_workflow(text, "test.json", registry, ServicesRef::to(services));
    require_valid(validate(workflow.prompt, registry, ServicesRef::to(services)));
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    return error.what();
  }
  return "no error";
}

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(HostileJson, DeepNesting) {
  EXPECT_THAT(failure(repeat("[", 1'000'000)), HasSubstr("nested more than"));
  EXPECT_THAT(failure(repeat("{\"a\":", 1'000'000)), HasSubstr("nested more than"));
}

TEST(HostileJson, SyntaxErrorsNameTheFile) {
  for (const char* text : {"", "{", "[1,", "{\"a\" 1}", "nul", "\"\\u12\"", "{\"a\": 1e999}",
                           "\xFF\xFE", "{\"a\": \"\xC3\x28\"}"}) {
    EXPECT_THAT(failure(text), HasSubstr("test.json: not valid JSON")) << text;
  }
}

TEST(HostileJson, DuplicateIds) {
  EXPECT_THAT(failure(R"({"1": {"class_type": "ShowText"}, "1": {"class_type": "ShowText"}})"),
              HasSubstr("\"1\" stands twice"));
  EXPECT_THAT(failure(R"({"nodes": [{"id": 1, "type": "Note"}, {"id": 1, "type": "KSampler"}]})"),
              HasSubstr("another node has the same id"));
}

TEST(HostileJson, EqualKeysInDifferentObjectsAreFine) {
  EXPECT_EQ(failure(R"({"1": {"class_type": "ShowText", "inputs": {"text": "1"}},
                        "2": {"class_type": "ShowText", "inputs": {"text": "1"}}})"),
            "no error");
}

TEST(HostileJson, TooManyKeysOrNodes) {
  std::string text = "{";
  for (int i = 0; i < 11'000; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":{}";
  EXPECT_THAT(failure(text + "}"), HasSubstr("more than 10000 keys"));
  text = R"({"nodes": [{"id": 0, "type": "X"})";
  for (int i = 1; i < 11'000; ++i) text += fmt::format(R"(,{{"id": {}, "type": "X"}})", i);
  EXPECT_THAT(failure(text + "]}"), HasSubstr("more than 10000 nodes"));
}

TEST(HostileJson, WrongTypesEverywhere) {
  const std::vector<std::string> values = {"null",
                                           "true",
                                           "-1",
                                           "1e308",
                                           "18446744073709551616",
                                           "\"x\"",
                                           "[]",
                                           "{}",
                                           "[[]]",
                                           "[\"4\", 1e30]",
                                           "[\"4\", -1]",
                                           "[\"4\", 18446744073709551615]"};
  const std::vector<std::string> shapes = {
      "@",
      R"({"1": @})",
      R"({"1": {"class_type": @}})",
      R"({"1": {"class_type": "KSampler", "inputs": @}})",
      R"({"1": {"class_type": "KSampler", "inputs": {"seed": @, "model": @, "sampler_name": @, "cfg": @}}})",
      R"({"1": {"class_type": "SaveImage", "inputs": {"images": @, "filename_prefix": @}, "_meta": @}})",
      R"({"prompt": @, "extra_data": @})",
      R"({"nodes": @})",
      R"({"nodes": [@]})",
      R"({"nodes": [{"id": @, "type": @}]})",
      R"({"nodes": [{"id": 1, "type": "KSampler", "mode": @, "inputs": @, "outputs": @}]})",
      R"({"nodes": [{"id": 1, "type": "KSampler", "inputs": [@], "outputs": [@]}], "links": @})",
      R"({"nodes": [{"id": 1, "type": "KSampler", "widgets_values": @, "properties": @}], "links": [@]})",
      R"({"nodes": [{"id": 1, "type": "KSampler", "widgets_values": [@, @, @]}], "links": [[@,@,@,@,@]]})",
      R"({"nodes": [{"id": 1, "type": "g", "properties": {"proxyWidgets": [@, [@, @]]}}], "definitions": @})",
      R"({"nodes": [{"id": 1, "type": "g"}], "definitions": {"subgraphs": @}})",
      R"({"nodes": [{"id": 1, "type": "g"}], "definitions": {"subgraphs": [{"id": @, "nodes": @}]}})"};
  for (const std::string& shape : shapes) {
    for (const std::string& value : values) {
      std::string text;
      for (const char c : shape) {
        if (c == '@') {
          text += value;
        } else {
          text += c;
        }
      }
      EXPECT_NE(failure(text), "no error") << text;
    }
  }
}

TEST(HostileJson, HugeNumbersAreOutOfRangeAndNotWrapped) {
  const auto with_width = [](const std::string& width) {
    return failure(R"({"1": {"class_type": "EmptyLatentImage", "inputs": {"width": )" + width +
                   R"(, "height": 64, "batch_size": 1}}, "2": {"class_type": "ShowText"}, )"
                   R"("3": {"class_type": "VAEDecode", "inputs": {"samples": ["1", 0]}}, )"
                   R"("4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}})");
  };
  EXPECT_THAT(with_width("99999999999999999999999"),
              HasSubstr("input \"width\": Failed to convert"));
  EXPECT_THAT(with_width("18446744073709551615"), HasSubstr("bigger than max of 16384"));
  EXPECT_THAT(with_width("-9223372036854775808"), HasSubstr("smaller than min of 16"));
  EXPECT_THAT(with_width("1e308"), HasSubstr("input \"width\": Failed to convert"));
}

TEST(HostileJson, LongChainsNeedNoStack) {
  std::string text = R"({"0": {"class_type": "PrimitiveInt", "inputs": {"value": 1}})";
  for (int i = 1; i < 9'000; ++i) {
    text += fmt::format(R"(,"{}": {{"class_type": "Pass", "inputs": {{"value": ["{}", 0]}}}})", i,
                        i - 1);
  }
  text += R"(,"end": {"class_type": "ShowText", "inputs": {"text": ["8999", 0]}}})";
  EXPECT_THAT(failure(text), HasSubstr("received_type(INT) mismatch input_type(STRING)"));
}

TEST(HostileJson, DenseCyclesAreReportedWithoutFlood) {
  std::string text = "{";
  for (int i = 0; i < 60; ++i) {
    text += fmt::format(R"({}"{}": {{"class_type": "ShowText", "inputs": {{)", i > 0 ? "," : "", i);
    for (int j = 0; j < 60; ++j)
      text += fmt::format(R"({}"i{}": ["{}", 0])", j > 0 ? "," : "", j, j);
    text += "}}";
  }
  const std::string message = failure(text + "}");
  EXPECT_THAT(message, HasSubstr("cycle"));
  EXPECT_LT(message.size(), 100'000U);
}

TEST(HostileJson, LongTextsAreCutInMessages) {
  const std::string long_text(1'000'000, 'x');
  EXPECT_LT(failure(R"({"1": {"class_type": ")" + long_text + R"("}})").size(), 1000U);
  EXPECT_LT(
      failure(R"({"1": {"class_type": "X", "_meta": {"title": ")" + long_text + R"("}}})").size(),
      1000U);
  EXPECT_LT(
      failure(R"({"1": {"class_type": "ShowText", "inputs": {"text": [")" + long_text + R"("]}}})")
          .size(),
      1000U);
}

TEST(HostileUi, SubgraphThatContainsItself) {
  EXPECT_THAT(failure(R"({"nodes": [{"id": 1, "type": "g"}], "definitions": {"subgraphs": [
                {"id": "g", "nodes": [{"id": 1, "type": "g"}]}]}})"),
              HasSubstr("contains itself"));
}

TEST(HostileUi, SubgraphsThatMultiply) {
  // Ten levels of ten instances each: 10^10 nodes.
  std::string definitions;
  for (int level = 0; level < 10; ++level) {
    definitions += fmt::format(R"({}{{"id": "g{}", "nodes": [)", level > 0 ? "," : "", level);
    for (int i = 0; i < 10; ++i)
      definitions +=
          fmt::format(R"({}{{"id": {}, "type": "g{}"}})", i > 0 ? "," : "", i, level + 1);
    definitions += "]}";
  }
  EXPECT_THAT(failure(R"({"nodes": [{"id": 1, "type": "g0"}], "definitions": {"subgraphs": [)" +
                      definitions + "]}}"),
              HasSubstr("more than 1000 instances"));
}

TEST(HostileUi, LargeTextForManyNodes) {
  std::string nodes = R"({"id": 0, "type": "PrimitiveNode", "widgets_values": [")" +
                      std::string(1'000'000, 'x') + R"("]})";
  std::string links;
  for (int i = 1; i < 500; ++i) {
    nodes += fmt::format(
        R"(,{{"id": {}, "type": "ShowText", "inputs": [{{"name": "text", "type": "STRING", "link": {}}}]}})",
        i, i);
    links += fmt::format(R"({}[{}, 0, 0, {}, 0, "STRING"])", i > 1 ? "," : "", i, i);
  }
  EXPECT_THAT(failure("{\"nodes\": [" + nodes + "], \"links\": [" + links + "]}"),
              HasSubstr("larger than"));
}

TEST(HostileUi, ReroutesInACircle) {
  EXPECT_THAT(failure(R"({"nodes": [
      {"id": 1, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 2}]},
      {"id": 2, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 1}]},
      {"id": 3, "type": "ShowText", "inputs": [{"name": "text", "type": "STRING", "link": 1}]}],
      "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 1, 0, "*"]]})"),
              HasSubstr("circle"));
}

}  // namespace
}  // namespace sagitta::graph
