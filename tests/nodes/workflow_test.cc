// The whole road: a workflow in, a picture out, on a tiny checkpoint.
#include "nodes/workspace.h"
#include "sagitta/base/error.h"
#include "sagitta/graph/execute.h"
#include "sagitta/graph/object_info.h"
#include "sagitta/graph/set_input.h"
#include "sagitta/graph/validate.h"
#include "sagitta/graph/workflow.h"
#include "sagitta/io/png.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>

namespace sagitta::nodes {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWorkflow = R"json({
  "3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 2, "cfg": 7.0, "sampler_name": "euler",
        "scheduler": "normal", "denoise": 1.0, "model": ["10", 0], "positive": ["6", 0],
        "negative": ["7", 0], "latent_image": ["5", 0]}},
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny"}},
  "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48, "batch_size": 2}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a (cat:1.3)", "clip": ["4", 1]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
  "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
  "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "test", "images": ["8", 0]}},
  "10": {"class_type": "SelfAttentionGuidance", "inputs": {"model": ["4", 0], "scale": 0.5,
         "blur_sigma": 2.0}, "_meta": {"title": "guide"}}
})json";

class WorkflowTest : public test::Workspace {
 protected:
  WorkflowTest() {
    graph::set_input(workflow_.prompt,
                     "4.ckpt_name=" + std::string(SAGITTA_GOLDEN_DIR) + "/models/tiny-sd1.safetensors",
                     registry_);
  }

  graph::RunResult run() {
    const auto services = graph::ServicesRef::to(services_);
    require_valid(graph::validate(workflow_.prompt, registry_, services));
    graph::RunOptions options;
    options.services = services;
    return graph::execute(workflow_.prompt, registry_, cache_, options);
  }

  // The message of the error that running it gives.
  std::string error_of(Fault expected) {
    try {
      run();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), expected) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "expected an error";
    return {};
  }

  void set(const std::string& change) { graph::set_input(workflow_.prompt, change, registry_); }

  graph::Registry registry_ = all_nodes();
  graph::Workflow workflow_ = graph::parse_workflow(kWorkflow, "test", registry_);
  graph::Cache cache_;
};

TEST_F(WorkflowTest, EndsInPicturesThatCarryTheirWorkflow) {
  const graph::RunResult result = run();
  const Json& images = result.ui.at("9").at("images");
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[1].at("filename"), "test_00002_.png");
  const fs::path file = root_ / "output/test_00001_.png";
  const io::Image image = io::load_image(file);
  EXPECT_EQ(image.pixels.shape(), (Shape{1, 48, 64, 3}));
  const auto text = io::read_png_text(file);
  EXPECT_EQ(Json::parse(text.at("prompt")), graph::to_json(workflow_.prompt));
  EXPECT_THAT(text.at("parameters"), HasSubstr("a (cat:1.3)\nSteps: 2, Sampler: Euler, "));
  EXPECT_THAT(text.at("parameters"), HasSubstr("Size: 64x48, Model: tiny-sd1, SAG Guidance"));
}

TEST_F(WorkflowTest, AChangedSeedDoesNotEncodeThePromptAgain) {
  run();
  set("3.seed=8");
  const graph::RunResult again = run();
  EXPECT_THAT(again.executed, Contains("3"));
  EXPECT_THAT(again.executed, Not(Contains("6")));
  EXPECT_THAT(again.executed, Not(Contains("4")));
}

TEST_F(WorkflowTest, TheSameSeedGivesTheSamePicture) {
  run();
  graph::Cache fresh;
  std::swap(cache_, fresh);
  run();
  const Array first = io::load_image(root_ / "output/test_00001_.png").pixels;
  const Array second = io::load_image(root_ / "output/test_00003_.png").pixels;
  EXPECT_TRUE(std::equal(first.values().begin(), first.values().end(), second.values().begin()));
}

TEST_F(WorkflowTest, CancelsAtTheNextStep) {
  const std::atomic<bool> cancel{true};
  graph::RunOptions options;
  options.services = graph::ServicesRef::to(services_);
  options.cancel = &cancel;
  try {
    static_cast<void>(graph::execute(workflow_.prompt, registry_, cache_, options));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::cancelled);
  }
  EXPECT_FALSE(fs::exists(root_ / "output"));
}

TEST_F(WorkflowTest, NamesEveryBadInputOfEveryNodeAtOnce) {
  set("3.steps=0");
  set("3.sampler_name=eular");
  set("5.width=100");
  set("10.scale=9");
  set("4.ckpt_name=nothing.safetensors");
  const std::string message = error_of(Fault::bad_input);
  for (const char* part : {"steps", "eular", "width = 100 is not divisible by 8", "guide", "scale",
                           "nothing.safetensors"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST_F(WorkflowTest, AWrongFileIsNotACheckpoint) {
  set("4.ckpt_name=" + std::string(SAGITTA_GOLDEN_DIR) + "/rng/torch_cpu.safetensors");
  EXPECT_THAT(error_of(Fault::bad_file), HasSubstr("not a Stable Diffusion checkpoint"));
}

TEST_F(WorkflowTest, AnOutputFolderThatCannotBeMadeIsNamed) {
  services_.output_dir = std::string(SAGITTA_GOLDEN_DIR) + "/MANIFEST.json/output";
  EXPECT_THAT(error_of(Fault::bad_input), HasSubstr("MANIFEST.json is not a folder"));
}

TEST_F(WorkflowTest, LoadsEncodesAndStartsFromAPicture) {
  run();
  const std::string picture = (root_ / "output/test_00001_.png").string();
  workflow_.prompt.add({.id = "20", .class_type = "LoadImage", .title = "", .inputs = {{"image", Json(picture)}}});
  workflow_.prompt.add({.id = "21",
                        .class_type = "VAEEncode",
                        .title = "",
                        .inputs = {{"pixels", graph::Link{"20", 0}}, {"vae", graph::Link{"4", 2}}}});
  workflow_.prompt.find("3")->set("latent_image", graph::Link{"21", 0});
  set("3.denoise=0.5");
  const graph::RunResult result = run();
  EXPECT_EQ(result.ui.at("9").at("images").size(), 1U);
}

TEST_F(WorkflowTest, ASecondStageContinuesWhereTheFirstLeftItsNoise) {
  const auto advanced = [](std::string id, graph::Link latent, int start, int end, const char* noise,
                           const char* leftover) {
    return graph::PromptNode{.id = std::move(id),
                             .class_type = "KSamplerAdvanced",
                             .title = "",
                             .inputs = {{"model", graph::Link{"4", 0}},
                                        {"add_noise", Json(noise)},
                                        {"noise_seed", Json(7)},
                                        {"steps", Json(4)},
                                        {"cfg", Json(5)},
                                        {"sampler_name", Json("euler")},
                                        {"scheduler", Json("normal")},
                                        {"positive", graph::Link{"6", 0}},
                                        {"negative", graph::Link{"7", 0}},
                                        {"latent_image", std::move(latent)},
                                        {"start_at_step", Json(start)},
                                        {"end_at_step", Json(end)},
                                        {"return_with_leftover_noise", Json(leftover)}}};
  };
  workflow_.prompt.add(advanced("30", {"5", 0}, 0, 2, "enable", "enable"));
  workflow_.prompt.add(advanced("31", {"30", 0}, 2, 10000, "disable", "disable"));
  workflow_.prompt.add(advanced("32", {"5", 0}, 0, 10000, "enable", "disable"));
  workflow_.prompt.find("8")->set("samples", graph::Link{"31", 0});
  run();
  workflow_.prompt.find("8")->set("samples", graph::Link{"32", 0});
  run();
  const Array two_stages = io::load_image(root_ / "output/test_00001_.png").pixels;
  const Array one = io::load_image(root_ / "output/test_00003_.png").pixels;
  float most = 0;
  for (std::size_t i = 0; i < one.size(); ++i) most = std::max(most, std::abs(one[i] - two_stages[i]));
  EXPECT_LE(most, 1.5F / 255);
}

TEST(AllNodes, HaveDescriptionsAndRunnableDefinitions) {
  const graph::Registry registry = all_nodes();
  for (const graph::NodeDef& node : registry.nodes()) {
    EXPECT_FALSE(node.description.empty()) << node.id;
    EXPECT_FALSE(node.category.empty()) << node.id;
  }
}

}  // namespace
}  // namespace sagitta::nodes
