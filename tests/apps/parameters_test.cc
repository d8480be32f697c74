// Pictures of other programs become graphs of ours, and ours say to others how they were made.
#include "cmd_run.h"
#include "options.h"
#include "output_files.h"
#include "parameters_workflow.h"
#include "sagitta/base/log.h"
#include "sagitta/graph/parameters_describe.h"
#include "sagitta/graph/validate.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/file.h"
#include "sagitta/io/image.h"
#include "sagitta/io/picture_text.h"
#include "sagitta/io/png.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ParametersTest : public testing::Test {
 protected:
  ParametersTest() {
    fs::remove_all(root_);
    for (const char* file : {"checkpoints/sub/Model-V1.safetensors", "loras/fur.safetensors",
                             "vae/ft-mse.safetensors", "embeddings/EasyNegative.safetensors"}) {
      fs::create_directories((root_ / file).parent_path());
      io::write_file(root_ / file, std::string_view("x"));
    }
  }
  ~ParametersTest() override { fs::remove_all(root_); }

  graph::Prompt prompt(std::string_view text) {
    return workflow_from_parameters(text, "picture", services()).prompt;
  }
  Json inputs(std::string_view text, const char* id) {
    const Json api = graph::to_json(prompt(text));
    return api.contains(id) ? api[id]["inputs"] : Json();
  }
  graph::ServicesRef services() { return graph::ServicesRef::to(engine_.services()); }

  fs::path root_ =
      fs::path(testing::TempDir()) /
      ("parameters_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
  Engine engine_{{.models = {root_}}, {.device = "reference"}};
};

constexpr const char* kText =
    "a cat <lora:FUR:0.5:0.75>\nNegative prompt: easynegative, [dog]\nSteps: 25, Sampler: DPM++ 2M "
    "Karras, "
    "CFG scale: 6.5, Seed: 9, Size: 512x768, Model: model-v1, VAE: ft-mse.safetensors, Clip skip: "
    "2";

TEST_F(ParametersTest, BecomeTheGraphOfAnOrdinaryGeneration) {
  const Json api = graph::to_json(prompt(kText));
  EXPECT_EQ(api["4"]["inputs"]["ckpt_name"], "sub/Model-V1.safetensors");
  EXPECT_EQ(api["20"]["inputs"],
            Json::parse(R"({"model": ["4", 0], "clip": ["4", 1], "lora_name": "fur.safetensors",
                            "strength_model": 0.75, "strength_clip": 0.5})"));
  EXPECT_EQ(api["14"]["inputs"]["vae_name"], "ft-mse.safetensors");
  EXPECT_EQ(api["11"]["inputs"]["stop_at_clip_layer"], -2);
  EXPECT_EQ(api["6"]["inputs"]["text"], "a cat ");
  EXPECT_EQ(api["7"]["inputs"]["text"], "embedding:EasyNegative, (dog:0.909)");
  EXPECT_EQ(api["5"]["inputs"], Json::parse(R"({"width": 512, "height": 768, "batch_size": 1})"));
  const Json& sampler = api["3"]["inputs"];
  EXPECT_EQ(sampler["sampler_name"], "dpmpp_2m");
  EXPECT_EQ(sampler["scheduler"], "karras");
  EXPECT_EQ(sampler["steps"], 25);
  EXPECT_EQ(sampler["seed"], 9);
  EXPECT_EQ(sampler["denoise"], 1.0);
  EXPECT_EQ(api["8"]["inputs"]["vae"], Json::array({"14", 0}));
}

TEST_F(ParametersTest, AMissingModelIsReportedWithTheNearestFile) {
  const graph::Registry registry = nodes::all_nodes();
  const graph::Validation validation =
      graph::validate(prompt("x\nSteps: 2, Model: model-v2, Size: 64x64"), registry, services());
  ASSERT_EQ(validation.issues.size(), 1U);
  const std::string text = graph::to_text(validation.issues[0]);
  EXPECT_THAT(text, HasSubstr("'model-v2.safetensors'"));
  EXPECT_THAT(text, HasSubstr("'sub/Model-V1.safetensors'"));
}

TEST_F(ParametersTest, WhatIsNotUnderstoodIsAWarning) {
  testing::internal::CaptureStderr();
  (void)prompt("x\nSteps: 2, Model: model-v1, Tiling: True, ENSD: 31337");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("picture: not understood and left out: Tiling: True"));
  EXPECT_THAT(log, HasSubstr("ENSD is ignored"));
}

TEST_F(ParametersTest, TheSecondPassRunsTheEndOfTheSchedule) {
  const char* text =
      "x\nSteps: 20, Sampler: Euler a, Model: model-v1, Size: 64x64, Denoising strength: 0.5, "
      "Hires upscale: 1.5, Hires upscaler: Latent (bicubic)";
  const Json pass = inputs(text, "18");
  EXPECT_EQ(pass["steps"], 20);
  EXPECT_EQ(pass["start_at_step"], 9);  // floor(0.5 * 20) + 1 steps are run
  EXPECT_EQ(pass["sampler_name"], "euler_ancestral");
  EXPECT_EQ(inputs(text, "15"), Json::parse(R"({"upscale_method": "bicubic", "scale_by": 1.5,
                                               "samples": ["3", 0]})"));
  EXPECT_EQ(inputs(text, "8")["samples"], Json::array({"18", 0}));
}

TEST_F(ParametersTest, OfOurPicturesGiveTheGraphBack) {
  const graph::Prompt first = prompt(kText);
  const auto described = graph::describe_parameters(first, "9", 512, 768);
  ASSERT_TRUE(described);
  const Json again = graph::to_json(prompt(graph::to_text(*described)));
  EXPECT_EQ(again["3"], graph::to_json(first)["3"]);
  EXPECT_EQ(again["7"]["inputs"]["text"], graph::to_json(first)["7"]["inputs"]["text"]);
  EXPECT_EQ(again["20"], graph::to_json(first)["20"]);
}

// A PNG that carries texts.
fs::path picture(const fs::path& folder, const io::PngText& texts) {
  fs::create_directories(folder);
  io::write_png(folder / "picture_00001_.png", Array({1, 8, 16, 3}), texts);
  return folder / "picture_00001_.png";
}

TEST_F(ParametersTest, AreReadFromAnyPicture) {
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    std::vector<fs::path> files = {picture(root_, {{"parameters", kText}})};
    give_name(files, root_ / name);
    const graph::Workflow workflow = read_workflow(root_ / name, nodes::all_nodes(), services());
    EXPECT_TRUE(workflow.prompt.contains("20")) << name;
  }
}

TEST_F(ParametersTest, AWorkflowIsPreferred) {
  const fs::path file =
      picture(root_, {{"parameters", kText}, {"prompt", R"({"1": {"class_type": "X"}})"}});
  EXPECT_EQ(read_workflow(file, nodes::all_nodes(), services()).prompt.nodes().size(), 1U);
  const fs::path none = picture(root_, {{"comment", "x"}});
  EXPECT_THROW((void)read_workflow(none, nodes::all_nodes(), services()), Error);
}

TEST_F(ParametersTest, NamesChooseTheFormatAndTextsComeAlong) {
  std::vector<fs::path> files = {picture(root_, {{"prompt", "{}"}, {"workflow", "{\"a\": 1}"}})};
  const fs::path png = files[0];
  give_name(files, root_ / "cat.webp");
  EXPECT_EQ(files[0], root_ / "cat.webp");
  EXPECT_FALSE(fs::exists(png));
  const std::string bytes = io::read_file(files[0]);
  EXPECT_EQ(io::decode_picture_text(io::bytes_of(bytes), "x").at("workflow"), "{\"a\": 1}");
  EXPECT_EQ(io::load_image(files[0]).pixels.shape(), (Shape{1, 8, 16, 3}));
  EXPECT_THROW((void)picture_format("cat.gif"), Error);
}

TEST_F(ParametersTest, TextsCanBeTakenOut) {
  const fs::path file = picture(root_, {{"prompt", "{}"}});
  remove_texts({file, root_ / "loras/fur.safetensors"});
  EXPECT_TRUE(io::read_png_text(file).empty());
}

}  // namespace
}  // namespace sagitta::cli
