#include "insight_graph.h"

#include "embedded_model.h"
#include "generate_graph.h"
#include "options.h"
#include "run_prompt.h"
#include "sagitta/base/error.h"
#include "sagitta/graph/execute.h"
#include "sagitta/graph/validate.h"
#include "sagitta/io/file.h"
#include "sagitta/nodes/all.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;

Json node(const char* type, Json inputs) {
  return {{"class_type", type}, {"inputs", std::move(inputs)}};
}

// Text to image on the embedded model in two steps; the nodes that sample are still to be added.
Json without_sampler() {
  return {
      {"4", node("CheckpointLoaderSimple", {{"ckpt_name", kEmbeddedModel}})},
      {"5", node("EmptyLatentImage", {{"width", 128}, {"height", 128}, {"batch_size", 1}})},
      {"6", node("CLIPTextEncode", {{"text", "a red fox"}, {"clip", {"4", 1}}})},
      {"7", node("CLIPTextEncode", {{"text", ""}, {"clip", {"4", 1}}})},
      {"8", node("VAEDecode", {{"samples", {"3", 0}}, {"vae", {"4", 2}}})},
      {"9", node("PreviewImage", {{"images", {"8", 0}}})},
      {"10",
       node("SelfAttentionGuidance", {{"model", {"4", 0}}, {"scale", 0.5}, {"blur_sigma", 2.0}})},
      {"11", node("KSamplerSelect", {{"sampler_name", "euler"}})},
      {"12", node("BasicScheduler",
                  {{"model", {"4", 0}}, {"scheduler", "karras"}, {"steps", 2}, {"denoise", 1.0}})}};
}

Json sampler_custom() {
  Json prompt = without_sampler();
  prompt["3"] = node("SamplerCustom", {{"model", {"10", 0}},
                                       {"add_noise", true},
                                       {"noise_seed", 5},
                                       {"cfg", 3.0},
                                       {"positive", {"6", 0}},
                                       {"negative", {"7", 0}},
                                       {"sampler", {"11", 0}},
                                       {"sigmas", {"12", 0}},
                                       {"latent_image", {"5", 0}}});
  return prompt;
}

Json sampler_custom_advanced(Json guider) {
  Json prompt = without_sampler();
  prompt["13"] = node("RandomNoise", {{"noise_seed", 5}});
  prompt["14"] = std::move(guider);
  prompt["3"] = node("SamplerCustomAdvanced", {{"noise", {"13", 0}},
                                               {"guider", {"14", 0}},
                                               {"sampler", {"11", 0}},
                                               {"sigmas", {"12", 0}},
                                               {"latent_image", {"5", 0}}});
  return prompt;
}

class InsightGraphTest : public testing::Test {
 protected:
  InsightGraphTest() { fs::remove_all(folder_); }
  ~InsightGraphTest() override { fs::remove_all(folder_); }

  // Runs a graph under --insight and returns insight.json.
  Json report(const Json& json, const InsightParams& params = {}) {
    Engine engine({}, {.device = "cpu", .dtype = "f32"});
    engine.services().insight_dir = folder_;
    engine.services().output_dir = folder_ / "output";
    const graph::Registry registry = nodes::all_nodes();
    const auto services = graph::ServicesRef::to(engine.services());
    graph::Workflow workflow = graph::parse_workflow(json, registry, services);
    add_insight(workflow.prompt, registry, "a red fox", params);
    graph::require_valid(graph::validate(workflow.prompt, registry, services));
    graph::Cache cache;
    static_cast<void>(graph::execute(workflow.prompt, registry, cache, {.services = services}));
    return Json::parse(io::read_file(folder_ / "insight.json"));
  }

  fs::path folder_ = fs::path(testing::TempDir()) /
                     (std::string("insight_graph_") +
                      testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(InsightGraphTest, CustomSamplersHandOnWhatWasSeen) {
  const Json guider =
      node("CFGGuider",
           {{"model", {"10", 0}}, {"positive", {"6", 0}}, {"negative", {"7", 0}}, {"cfg", 3.0}});
  const Json both[] = {report(sampler_custom()), report(sampler_custom_advanced(guider))};
  for (const Json& seen : both) {
    ASSERT_EQ(seen["steps"].size(), 2U);
    for (const Json& step : seen["steps"]) {
      EXPECT_GT(step["sag_to_cfg"].get<double>(), 0);
      EXPECT_GT(step["mask_coverage"].get<double>(), 0);
      EXPECT_TRUE(step["files"].contains("degraded"));
    }
  }
  // The same run, made in two ways.
  EXPECT_EQ(both[0]["steps"][1]["sag_norm"], both[1]["steps"][1]["sag_norm"]);
}

TEST_F(InsightGraphTest, AGuiderOfThreeConditioningsIsWatchedToo) {
  const Json seen =
      report(sampler_custom_advanced(node("DualCFGGuider", {{"model", {"10", 0}},
                                                            {"cond1", {"6", 0}},
                                                            {"cond2", {"7", 0}},
                                                            {"negative", {"7", 0}},
                                                            {"cfg_conds", 3.0},
                                                            {"cfg_cond2_negative", 2.0},
                                                            {"style", "regular"}})));
  ASSERT_EQ(seen["steps"].size(), 2U);
  EXPECT_EQ(seen["latent"]["width"], 16);
}

TEST_F(InsightGraphTest, ShowsTheChosenPoint) {
  const Json seen = report(sampler_custom(), {.query_x = 0.25F, .query_y = 0.75F});
  EXPECT_EQ(seen["query"]["x"], 0.25);
  EXPECT_EQ(seen["query"]["y"], 0.75);
}

TEST_F(InsightGraphTest, RefusesAGraphThatDoesNotSample) {
  Json prompt = without_sampler();
  prompt["3"] = node("EmptyLatentImage", {{"width", 128}, {"height", 128}, {"batch_size", 1}});
  EXPECT_THROW(report(prompt), Error);
}

}  // namespace
}  // namespace sagitta::cli
