#include "sagitta/graph/validate.h"

#include "graph/toy_nodes.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Validate : public testing::Test {
 protected:
  Validation check(const Json& api) {
    return validate(parse_prompt(api), registry_, ServicesRef::to(services_));
  }
  // The issues as "node input type".
  static std::vector<std::string> list(const std::vector<Issue>& issues) {
    std::vector<std::string> all;
    for (const Issue& issue : issues)
      all.push_back(issue.node_id + " " + issue.input + " " + issue.type);
    return all;
  }

  toy::Services services_;
  Registry registry_ = toy::registry();
  Json api_ = toy::api_workflow();
};

TEST_F(Validate, AcceptsASoundWorkflow) {
  const Validation validation = check(api_);
  EXPECT_THAT(list(validation.issues), ElementsAre());
  EXPECT_THAT(validation.outputs, ElementsAre("9"));
}

TEST_F(Validate, ReportsEveryBadInputOfEveryNodeAtOnce) {
  Json& sampler = api_["3"]["inputs"];
  sampler["seed"] = -1;
  sampler["steps"] = 10001;
  sampler["cfg"] = "much";
  sampler["sampler_name"] = "oiler";
  sampler["model"] = Json::array({"4", 1});
  sampler["positive"] = Json::array({"99", 0});
  sampler["negative"] = Json::array({"7", 3});
  sampler["denoise"] = nullptr;
  api_["8"]["inputs"]["vae"] = 5;
  api_["9"]["inputs"].erase("filename_prefix");
  api_["5"]["inputs"]["width"] = Json::array({1, 2, 3});
  api_["4"]["inputs"]["ckpt_name"] = "c.safetensors";
  const Validation validation = check(api_);
  EXPECT_THAT(list(validation.issues),
              UnorderedElementsAre("3 seed value_smaller_than_min", "3 steps value_bigger_than_max",
                                   "3 cfg invalid_input_type", "3 sampler_name value_not_in_list",
                                   "3 model return_type_mismatch", "3 positive linked_node_missing",
                                   "3 negative linked_slot_missing", "8 vae invalid_input_type",
                                   "3 denoise invalid_input_type",
                                   "9 filename_prefix required_input_missing",
                                   "5 width bad_linked_input", "4 ckpt_name value_not_in_list"));
  EXPECT_THAT(validation.outputs, ElementsAre());
}

TEST_F(Validate, TextsNameNodeTitleTypeInputValueAndExpectation) {
  api_["3"]["inputs"]["steps"] = 0;
  EXPECT_EQ(to_text(check(api_).issues.at(0)),
            "node 3 \"the sampler\" (KSampler), input \"steps\": Value 0 smaller than min of 1");
  api_["3"]["inputs"]["steps"] = Json::object();
  EXPECT_THAT(to_text(check(api_).issues.at(0)), HasSubstr("expected an integer, got {}"));
}

TEST_F(Validate, ComparesLimitsOfSeedsWithoutWrappingAround) {
  api_["3"]["inputs"]["seed"] = 18446744073709551615ULL;
  EXPECT_TRUE(check(api_).ok());
  api_["3"]["inputs"]["seed"] = 1.8446744073709552e19;  // 2^64
  EXPECT_THAT(list(check(api_).issues), ElementsAre("3 seed invalid_input_type"));
}

TEST_F(Validate, NamesTheNearestTypeOfAnUnknownNodeAndStillChecksTheRest) {
  api_["10"]["class_type"] = "SelfAttentionGuidanc";
  api_["10"]["_meta"] = Json{{"title", "my SAG"}};
  api_["5"]["inputs"]["height"] = 8;
  const Validation validation = check(api_);
  ASSERT_THAT(list(validation.issues),
              UnorderedElementsAre("10  missing_node_type", "5 height value_smaller_than_min"));
  const std::string text =
      to_text(validation.issues[0].node_id == "10" ? validation.issues[0] : validation.issues[1]);
  EXPECT_THAT(text, HasSubstr("node 10 \"my SAG\" (SelfAttentionGuidanc)"));
  EXPECT_THAT(text, HasSubstr("the nearest known type is SelfAttentionGuidance"));
}

TEST_F(Validate, KeepsIssuesOfUnusedNodesApart) {
  api_["20"] = Json::parse(R"({"class_type": "VAEDecode", "inputs": {}})");
  const Validation validation = check(api_);
  EXPECT_TRUE(validation.ok());
  EXPECT_THAT(list(validation.unused),
              ElementsAre("20 samples required_input_missing", "20 vae required_input_missing"));
}

TEST_F(Validate, KeepsSoundOutputsOfAPromptWithIssues) {
  api_["21"] = Json::parse(R"({"class_type": "ShowText", "inputs": {"text": "hello"}})");
  api_["3"]["inputs"]["steps"] = 0;
  const Validation validation = check(api_);
  EXPECT_FALSE(validation.ok());
  EXPECT_THAT(validation.outputs, ElementsAre("21"));
}

TEST_F(Validate, ReportsUnknownNodesAndEverythingElseAtOnce) {
  api_["10"]["class_type"] = "SelfAttentionGuidence";
  api_["10"]["_meta"] = Json{{"title", "guide"}};
  api_["5"]["inputs"]["width"] = 1;  // does not depend on the unknown node
  api_["3"]["inputs"]["steps"] = 0;  // does
  api_["30"] = Json::parse(R"({"class_type": "Nobody's", "inputs": {"images": ["8", 0]}})");
  api_["31"] = Json::parse(R"({"class_type": "VAEDecode", "inputs": {"samples": ["30", 0]}})");
  const Validation validation = check(api_);
  EXPECT_THAT(
      list(validation.issues),
      testing::UnorderedElementsAre("10  missing_node_type", "5 width value_smaller_than_min",
                                    "3 steps value_smaller_than_min", "30  missing_node_type"));
  EXPECT_THAT(list(validation.unused), ElementsAre("31 vae required_input_missing"));
  try {
    require_valid(validation);
    FAIL();
  } catch (const Error& error) {
    for (const char* part : {"node 10 \"guide\" (SelfAttentionGuidence)",
                             "the nearest known type is SelfAttentionGuidance",
                             "node 30 (Nobody's)", "width", "steps"}) {
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
}

TEST_F(Validate, FindsCycles) {
  api_["10"]["inputs"]["model"] = Json::array({"10", 0});
  const Validation validation = check(api_);
  ASSERT_THAT(list(validation.issues), ElementsAre("10  dependency_cycle"));
  EXPECT_THAT(to_text(validation.issues[0]), HasSubstr("10 -> 10"));
}

TEST_F(Validate, WantsAnOutputNode) {
  api_.erase("9");
  EXPECT_THAT(list(check(api_).issues), ElementsAre("  prompt_no_outputs"));
  EXPECT_THAT(list(check(Json::object()).issues), ElementsAre("  prompt_no_outputs"));
}

TEST_F(Validate, LooksThroughPassNodesForTheType) {
  api_["30"] = Json::parse(R"({"class_type": "Pass", "inputs": {"value": ["4", 0]}})");
  api_["3"]["inputs"]["model"] = Json::array({"30", 0});
  EXPECT_TRUE(check(api_).ok());
  api_["3"]["inputs"]["latent_image"] = Json::array({"30", 0});
  EXPECT_THAT(list(check(api_).issues), ElementsAre("3 latent_image return_type_mismatch"));
}

TEST_F(Validate, AsksTheNodeItself) {
  api_["9"]["inputs"]["filename_prefix"] = "../../etc/passwd";
  const Validation validation = check(api_);
  ASSERT_THAT(list(validation.issues), ElementsAre("9  custom_validation_failed"));
  EXPECT_THAT(to_text(validation.issues[0]), HasSubstr("must not contain"));
}

TEST_F(Validate, AcceptsAbsentOptionalInputs) {
  const Json api = Json::parse(R"({"1": {"class_type": "ShowText", "inputs": {"text": null}}})");
  EXPECT_TRUE(check(api).ok());
}

TEST_F(Validate, MakesTheJsonOfARefusedPrompt) {
  api_["3"]["inputs"]["steps"] = 0;
  const Prompt prompt = parse_prompt(api_);
  const Json json =
      error_json(validate(prompt, registry_, ServicesRef::to(services_)), prompt, registry_);
  EXPECT_EQ(json["error"]["type"], "prompt_outputs_failed_validation");
  EXPECT_EQ(json["error"]["extra_info"], Json::object());
  EXPECT_EQ(json["node_errors"], Json::parse(R"({"3": {"errors": [{
      "type": "value_smaller_than_min", "message": "Value 0 smaller than min of 1", "details": "steps",
      "extra_info": {"input_name": "steps", "received_value": 0}}],
      "dependent_outputs": ["9"], "class_type": "KSampler"}})"));
}

TEST_F(Validate, ThrowsAllIssuesAsOneErrorWithThoseOfNodesCutOffByThem) {
  api_["3"]["inputs"]["steps"] = 0;
  api_["3"]["inputs"]["latent_image"] = 0;
  api_["5"]["inputs"]["width"] = 0;
  try {
    require_valid(check(api_));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("steps"));
    EXPECT_THAT(error.what(), HasSubstr("width"));
  }
}

}  // namespace
}  // namespace sagitta::graph
