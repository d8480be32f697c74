#include "sagitta/graph/execute.h"

#include "graph/toy_nodes.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class Execute : public testing::Test {
 protected:
  RunResult run(const Json& api, RunOptions options = {}) {
    services_.runs.clear();
    options.services = ServicesRef::to(services_);
    return execute(parse_prompt(api), registry_, cache_, options);
  }

  toy::Services services_;
  Registry registry_ = toy::registry();
  Cache cache_;
  Json api_ = toy::api_workflow();
};

TEST_F(Execute, RunsEveryNodeAfterItsSources) {
  const RunResult result = run(api_);
  EXPECT_EQ(result.ui["9"]["images"][0],
            "image of sample(a.safetensors+sag0.5, 5, a.safetensors:a cat, 64x32)");
  EXPECT_EQ(result.executed.size(), 8U);
}

TEST_F(Execute, ChangedSeedDoesNotEncodeThePromptAgain) {
  run(api_);
  api_["3"]["inputs"]["seed"] = 6;
  const RunResult result = run(api_);
  EXPECT_THAT(result.executed, ElementsAre("3", "8", "9"));
  EXPECT_THAT(result.cached, UnorderedElementsAre("4", "5", "6", "7", "10"));
}

TEST_F(Execute, ChangedTextEncodesOnlyThatText) {
  run(api_);
  api_["6"]["inputs"]["text"] = "a dog";
  EXPECT_THAT(run(api_).executed, ElementsAre("6", "3", "8", "9"));
}

TEST_F(Execute, RepeatedRunTakesEverythingFromTheCacheAndShowsTheSame) {
  const Json first = run(api_).ui;
  const RunResult again = run(api_);
  EXPECT_THAT(again.executed, IsEmpty());
  EXPECT_EQ(again.ui, first);
}

TEST_F(Execute, ReloadsAFileThatChanged) {
  run(api_);
  services_.file_time = "2";
  EXPECT_THAT(run(api_).executed, Contains("4"));
}

TEST_F(Execute, EqualSpellingsOfALiteralAreOneSignature) {
  run(api_);
  api_["3"]["inputs"]["seed"] = "5";
  api_["3"]["inputs"]["denoise"] = 1.0;
  EXPECT_THAT(run(api_).executed, IsEmpty());
}

TEST_F(Execute, DropsResultsThatTheLastRunDidNotUse) {
  run(api_);
  EXPECT_EQ(cache_.size(), 8U);
  run(Json::parse(R"({"1": {"class_type": "ShowText", "inputs": {}}})"));
  EXPECT_EQ(cache_.size(), 1U);
}

TEST_F(Execute, RunsOnlyWhatTheOutputsNeed) {
  api_["20"] =
      Json::parse(R"({"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["4", 1]}})");
  EXPECT_THAT(run(api_).executed, Not(Contains("20")));
}

TEST_F(Execute, RunsTheGivenOutputsOnly) {
  api_["21"] = Json::parse(R"({"class_type": "ShowText", "inputs": {"text": "hello"}})");
  const RunResult result = run(api_, {.outputs = std::vector<std::string>{"21"}});
  EXPECT_THAT(result.executed, ElementsAre("21"));
  EXPECT_EQ(result.ui.size(), 1U);
}

TEST_F(Execute, UncacheableNodesAndTheirDependentsRunAgain) {
  const Json api = Json::parse(R"({"1": {"class_type": "Clock", "inputs": {}},
                                   "2": {"class_type": "ShowText", "inputs": {"text": ["1", 0]}}})");
  run(api);
  EXPECT_THAT(run(api).executed, ElementsAre("1", "2"));
  EXPECT_EQ(cache_.size(), 2U);
}

TEST_F(Execute, EqualOutputNodesBothRun) {
  const Json api = Json::parse(R"({"1": {"class_type": "ShowText", "inputs": {"text": "x"}},
                                   "2": {"class_type": "ShowText", "inputs": {"text": "x"}}})");
  EXPECT_EQ(run(api).ui["2"]["id"], "2");
}

TEST_F(Execute, LinkedNumbersBecomeLiterals) {
  api_["30"] = Json::parse(R"({"class_type": "PrimitiveInt", "inputs": {"value": 3}})");
  api_["3"]["inputs"]["seed"] = Json::array({"30", 0});
  EXPECT_THAT(run(api_).ui["9"]["images"][0].get<std::string>(), HasSubstr(", 3, "));
}

TEST_F(Execute, LinkedNumbersOutOfRangeAreRefused) {
  api_["30"] = Json::parse(R"({"class_type": "PrimitiveInt", "inputs": {"value": -3}})");
  api_["3"]["inputs"]["seed"] = Json::array({"30", 0});
  EXPECT_THROW(run(api_), NodeError);
}

TEST_F(Execute, ListsRunTheNodesBehindThemOncePerEntry) {
  const Json api = Json::parse(R"({"1": {"class_type": "SplitText", "inputs": {"text": "a,b,c"}},
                                   "2": {"class_type": "ShowText", "inputs": {"text": ["1", 0]}}})");
  EXPECT_EQ(run(api).ui["2"]["text"], Json::array({"a", "b", "c"}));
  EXPECT_EQ(services_.runs.size(), 3U);
}

TEST_F(Execute, EmptyListsRunNothingBehindThem) {
  const Json api = Json::parse(R"({"1": {"class_type": "SplitText", "inputs": {"text": ""}},
                                   "2": {"class_type": "ShowText", "inputs": {"text": ["1", 0]}}})");
  EXPECT_EQ(run(api).ui.size(), 0U);
  EXPECT_THAT(services_.runs, IsEmpty());
}

TEST_F(Execute, HiddenInputsCarryThePromptAndTheWorkflow) {
  const RunResult result = run(api_, {.extra_pnginfo = Json{{"workflow", 1}}});
  EXPECT_EQ(result.ui["9"]["nodes"], 8);
  EXPECT_EQ(result.ui["9"]["info"]["workflow"], 1);
}

TEST_F(Execute, AbsentOptionalWidgetsTakeTheirDefault) {
  EXPECT_EQ(
      run(Json::parse(R"({"1": {"class_type": "ShowText", "inputs": {}}})")).ui["1"]["text"][0],
      "none");
}

TEST_F(Execute, ErrorsCarryTheNode) {
  api_["3"]["inputs"]["positive"] = Json::array({"4", 0});
  try {
    run(api_);
    FAIL();
  } catch (const NodeError& error) {
    EXPECT_EQ(error.node_id(), "3");
    EXPECT_EQ(error.class_type(), "KSampler");
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_THAT(
        error.what(),
        HasSubstr("node 3 \"the sampler\" (KSampler): input \"positive\" is linked to a value "
                  "of type sagitta::graph::toy::Model"));
  }
}

TEST_F(Execute, ForeignExceptionsBecomeNodeErrors) {
  registry_.add({.id = "Bad", .output_node = true, .run = [](const NodeCall&) -> NodeResult {
                   throw std::bad_alloc();
                 }});
  try {
    run(Json::parse(R"({"1": {"class_type": "Bad", "inputs": {}}})"));
    FAIL();
  } catch (const NodeError& error) {
    EXPECT_EQ(error.fault(), Fault::out_of_memory);
  }
}

TEST_F(Execute, ReportsStartsProgressAndEnds) {
  std::vector<std::string> events;
  Watcher watcher{
      .on_node_start = [&](const PromptNode& node) { events.push_back("start " + node.id); },
      .on_node_done = [&](const PromptNode& node,
                          const Json&) { events.push_back("done " + node.id); },
      .on_cached = [&](const PromptNode& node,
                       const Json&) { events.push_back("cached " + node.id); },
      .on_progress =
          [&](const PromptNode& node, const Progress& progress) {
            events.push_back(fmt::format("{} {}/{}", node.id, progress.value, progress.max));
          }};
  run(api_, {.outputs = std::vector<std::string>{"8"}});
  api_["3"]["inputs"]["seed"] = 6;
  run(api_, {.outputs = std::vector<std::string>{"3"}, .watcher = watcher});
  EXPECT_THAT(events, ElementsAre("cached 4", "cached 10", "cached 6", "cached 7", "cached 5",
                                  "start 3", "3 1/2", "3 2/2", "done 3"));
}

TEST_F(Execute, StopsAtTheNextStepWhenCancelled) {
  std::atomic<bool> cancel = false;
  int steps = 0;
  RunOptions options;
  options.cancel = &cancel;
  options.watcher.on_progress = [&](const PromptNode&, const Progress&) {
    ++steps;
    cancel = true;
  };
  api_["3"]["inputs"]["steps"] = 50;
  try {
    run(api_, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::cancelled);
  }
  EXPECT_EQ(steps, 1);
  // What was complete by then is not done again.
  EXPECT_THAT(run(api_).executed, ElementsAre("3", "8", "9"));
}

// A loader of three parts, of which two are used, one after the other, and a second loader of the
// same.
class ExecuteReleases : public Execute {
 protected:
  using Part = std::shared_ptr<int>;

  ExecuteReleases() {
    registry_.add({.id = "Parts",
                   .outputs = {{.type = "PART"}, {.type = "PART"}, {.type = "PART"}},
                   .run = [this](const NodeCall&) {
                     NodeResult result;
                     for (int i = 0; i < 3; ++i) {
                       const Part part = std::make_shared<int>(i);
                       parts_.push_back(part);
                       result.values.emplace_back(part);
                     }
                     return result;
                   }});
    registry_.add({.id = "Use",
                   .inputs = {socket("part", "PART")},
                   .outputs = {{.type = "USED"}},
                   .run = [this](const NodeCall& call) {
                     alive_ += alive();
                     return NodeResult{.values = {*call.get<Part>("part")}};
                   }});
    registry_.add({.id = "UseBoth",
                   .inputs = {socket("part", "PART"), socket("used", "USED")},
                   .output_node = true,
                   .run = [this](const NodeCall& call) {
                     alive_ += alive();
                     return NodeResult{.ui = *call.get<Part>("part") + 10 * call.get<int>("used")};
                   }});
  }

  // E.g. "010 ": of three parts, the second is still held by somebody.
  [[nodiscard]] std::string alive() const {
    std::string text;
    for (const std::weak_ptr<int>& part : parts_) text += part.expired() ? '0' : '1';
    return text + ' ';
  }

  std::vector<std::weak_ptr<int>> parts_;
  std::string alive_;
  const Json parts_api_ = Json::parse(R"({
    "1": {"class_type": "Parts", "inputs": {}},
    "2": {"class_type": "Use", "inputs": {"part": ["1", 1]}},
    "3": {"class_type": "Parts", "inputs": {}},
    "4": {"class_type": "UseBoth", "inputs": {"part": ["3", 2], "used": ["2", 0]}}})");
};

TEST_F(ExecuteReleases, WhatNobodyNeedsAnyMore) {
  const RunResult result = run(parts_api_, {.keep_results = false});
  EXPECT_EQ(result.ui["4"], 12);
  EXPECT_EQ(alive_, "011 001 ");
  EXPECT_EQ(alive(), "000 ");
  EXPECT_THAT(result.cached, ElementsAre("3"));
}

TEST_F(ExecuteReleases, NothingThatIsKept) {
  EXPECT_EQ(run(parts_api_).ui["4"], 12);
  EXPECT_EQ(alive_, "111 111 ");
  EXPECT_EQ(alive(), "111 ");
}

TEST_F(ExecuteReleases, NothingThatTheCallerWants) {
  const RunResult result =
      run(parts_api_, {.outputs = std::vector<std::string>{"1", "4"}, .keep_results = false});
  EXPECT_EQ(alive(), "111 ");
  EXPECT_EQ(*std::any_cast<const Part&>(result.results.at("1")->values[0]), 0);
}

TEST_F(ExecuteReleases, NothingOfAnEarlierRunFromTheCache) {
  run(parts_api_);
  const RunResult again = run(parts_api_, {.keep_results = false});
  EXPECT_EQ(alive(), "111 ");
  EXPECT_EQ(run(parts_api_).ui["4"], 12);
}

TEST_F(Execute, RefusesCyclesAndMissingNodesEvenWithoutValidation) {
  api_["10"]["inputs"]["model"] = Json::array({"10", 0});
  EXPECT_THROW(run(api_), Error);
  api_["10"]["inputs"]["model"] = Json::array({"77", 0});
  EXPECT_THROW(run(api_), NodeError);
}

}  // namespace
}  // namespace sagitta::graph
