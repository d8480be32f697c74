#include "sagitta/graph/prompt.h"

#include "graph/toy_nodes.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/literal.h"
#include "sagitta/graph/set_input.h"
#include "sagitta/graph/workflow.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::HasSubstr;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    return error.what();
  }
  return "no error";
}

const Json& literal(const Prompt& prompt, std::string_view id, std::string_view input) {
  return std::get<Json>(*prompt.find(id)->find(input));
}

TEST(ParsePrompt, ReadsLinksLiteralsAndTitles) {
  const Prompt prompt = parse_prompt(toy::api_workflow());
  ASSERT_EQ(prompt.nodes().size(), 8U);
  const PromptNode& sampler = *prompt.find("3");
  EXPECT_EQ(sampler.class_type, "KSampler");
  EXPECT_EQ(sampler.title, "the sampler");
  EXPECT_EQ(std::get<Link>(*sampler.find("model")), (Link{"10", 0}));
  EXPECT_EQ(literal(prompt, "3", "seed"), 5);
}

TEST(ParsePrompt, WrittenAgainIsTheSame) {
  const Prompt prompt = parse_prompt(toy::api_workflow());
  EXPECT_EQ(nlohmann::json(to_json(prompt)), nlohmann::json(toy::api_workflow()));
}

TEST(ParsePrompt, KeepsWrappedListsFromBeingLinks) {
  const Json api =
      Json::parse(R"({"1": {"class_type": "Pass", "inputs": {"value": {"__value__": ["4", 0]}}}})");
  const Prompt prompt = parse_prompt(api);
  EXPECT_EQ(literal(prompt, "1", "value"), Json::array({"4", 0}));
  EXPECT_EQ(to_json(prompt)["1"]["inputs"], api["1"]["inputs"]);
}

TEST(ParsePrompt, SaysWhichNodeIsMalformed) {
  EXPECT_THAT(message_of([] { (void)parse_prompt(Json{{"7", 5}}); }), HasSubstr("node \"7\""));
  EXPECT_THAT(message_of([] { (void)parse_prompt(Json::parse(R"({"7": {"class_type": 3}})")); }),
              HasSubstr("class_type is 3"));
  EXPECT_THAT(
      message_of([] {
        (void)parse_prompt(Json::parse(
            R"({"7": {"class_type": "X", "inputs": [1], "_meta": {"title": "my title"}}})"));
      }),
      HasSubstr("node 7 \"my title\" (X): inputs is [1]"));
}

TEST(ParseWorkflow, OpensEnvelopes) {
  const Registry registry = toy::registry();
  const Json ui = Json::parse(R"({"nodes": []})");
  const Json posted{{"prompt", toy::api_workflow()},
                    {"extra_data", {{"extra_pnginfo", {{"workflow", ui}}}}}};
  const Workflow workflow = parse_workflow(posted, registry);
  EXPECT_EQ(workflow.prompt.nodes().size(), 8U);
  EXPECT_EQ(workflow.extra_pnginfo["workflow"], ui);
  const Json exported{{"output", toy::api_workflow()}, {"workflow", ui}};
  EXPECT_EQ(parse_workflow(exported, registry).extra_pnginfo["workflow"], ui);
  EXPECT_TRUE(parse_workflow(toy::api_workflow(), registry).extra_pnginfo.is_null());
}

TEST(ParseWorkflow, TakesANodeCalledPromptForANode) {
  const Json api = Json::parse(R"({"prompt": {"class_type": "ShowText", "inputs": {}}})");
  EXPECT_TRUE(parse_workflow(api, toy::registry()).prompt.contains("prompt"));
}

TEST(SetInput, FindsNodesByIdTitleAndClass) {
  const Registry registry = toy::registry();
  Prompt prompt = parse_prompt(toy::api_workflow());
  set_input(prompt, "3.seed=18446744073709551615", registry);
  set_input(prompt, "the sampler.steps=7", registry);
  set_input(prompt, "KSampler.cfg=2.5", registry);
  set_input(prompt, "6.text=1 = 2. Really", registry);
  set_input(prompt, "8.samples=[\"5\", 0]", registry);
  EXPECT_EQ(literal(prompt, "3", "seed").get<std::uint64_t>(), 18446744073709551615ULL);
  EXPECT_EQ(literal(prompt, "3", "steps"), 7);
  EXPECT_EQ(literal(prompt, "3", "cfg"), 2.5);
  EXPECT_EQ(literal(prompt, "6", "text"), "1 = 2. Really");
  EXPECT_EQ(std::get<Link>(*prompt.find("8")->find("samples")), (Link{"5", 0}));
}

TEST(SetInput, TakesTitlesWithDots) {
  Prompt prompt;
  prompt.add({.id = "1", .class_type = "KSampler", .title = "v1.5 sampler", .inputs = {}});
  set_input(prompt, "v1.5 sampler.steps=3", toy::registry());
  EXPECT_EQ(literal(prompt, "1", "steps"), 3);
}

TEST(SetInput, ExplainsWhatIsWrong) {
  const Registry registry = toy::registry();
  Prompt prompt = parse_prompt(toy::api_workflow());
  const auto failure = [&](const char* text) {
    return message_of([&] { set_input(prompt, text, registry); });
  };
  EXPECT_THAT(failure("seed"), HasSubstr("NODE.INPUT=VALUE"));
  EXPECT_THAT(failure("seed=5"), HasSubstr("NODE.INPUT=VALUE"));
  EXPECT_THAT(failure("99.seed=5"), HasSubstr("no node has the id, title or class \"99\""));
  EXPECT_THAT(failure("CLIPTextEncode.text=x"), HasSubstr("ambiguous: the nodes 6 and 7"));
  EXPECT_THAT(failure("3.sed=5"), HasSubstr("has no input \"sed\"; it has model, seed, steps"));
  EXPECT_THAT(failure("3.steps=many"), HasSubstr("expected an integer, got \"many\""));
  EXPECT_THAT(failure("3.model=5"), HasSubstr("is not a link"));
  EXPECT_THAT(failure("9.prompt=5"), HasSubstr("has no input \"prompt\""));
}

TEST(Literal, ConvertsOnlyWithoutLoss) {
  EXPECT_EQ(to_literal(20.0, "INT").value, 20);
  EXPECT_EQ(to_literal(" 20 ", "INT").value, 20);
  EXPECT_EQ(to_literal("-3", "INT").value, -3);
  EXPECT_NE(to_literal(20.5, "INT").problem, "");
  EXPECT_NE(to_literal(1e300, "INT").problem, "");
  EXPECT_NE(to_literal(true, "INT").problem, "");
  EXPECT_NE(to_literal("", "INT").problem, "");
  EXPECT_EQ(to_literal("0.5", "FLOAT").value, 0.5);
  EXPECT_NE(to_literal("nan", "FLOAT").problem, "");
  EXPECT_NE(to_literal(nullptr, "FLOAT").problem, "");
  EXPECT_EQ(to_literal("true", "BOOLEAN").value, true);
  EXPECT_EQ(to_literal(0, "BOOLEAN").value, false);
  EXPECT_NE(to_literal(2, "BOOLEAN").problem, "");
  EXPECT_EQ(to_literal(5, "STRING").value, "5");
  EXPECT_NE(to_literal(Json::object(), "STRING").problem, "");
}

TEST(ParseJson, ReadsPythonsNonFiniteNumbersAsNull) {
  const Json json = parse_json(R"({"a": [NaN, -Infinity, Infinity], "b": "NaN \" NaN"})", "test");
  EXPECT_EQ(json, Json::parse(R"({"a": [null, null, null], "b": "NaN \" NaN"})"));
}

TEST(Messages, StayShortAndPrintable) {
  EXPECT_EQ(in_quotes("a\n\"b\""), R"("a\n\"b\"")");
  const std::string long_text(1000, 'x');
  EXPECT_LT(in_quotes(long_text).size(), 100U);
  EXPECT_LT(brief(Json::array({long_text, long_text})).size(), 100U);
  // A cut never falls into a character of several bytes: 79 letters and a two-byte one.
  EXPECT_EQ(head(std::string(79, 'x') + "\xC3\xA9", 80), std::string(79, 'x'));
}

}  // namespace
}  // namespace sagitta::graph
