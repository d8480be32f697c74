#include "cmd_run.h"
#include "options.h"
#include "run_prompt.h"
#include "sagitta/graph/execute.h"
#include "sagitta/graph/validate.h"
#include "sagitta/io/image.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;

// The workflows in examples/, which run on the embedded model.
class ExampleTest : public testing::TestWithParam<std::string> {
 protected:
  ExampleTest() { fs::remove_all(output_); }
  ~ExampleTest() override { fs::remove_all(output_); }

  std::vector<fs::path> run(const std::string& file) {
    const fs::path examples(SAGITTA_EXAMPLES_DIR);
    Engine engine({.models = {}, .input = examples / "input", .output = output_ / file},
                  {.device = "cpu", .dtype = "f32"});
    const graph::Registry registry = nodes::all_nodes();
    const auto services = graph::ServicesRef::to(engine.services());
    const graph::Workflow workflow = read_workflow(examples / file, registry, services);
    graph::require_valid(graph::validate(workflow.prompt, registry, services));
    graph::Cache cache;
    const graph::RunResult result =
        graph::execute(workflow.prompt, registry, cache, {.services = services});
    std::vector<fs::path> files = written_files(result.ui, engine.services());
    std::sort(files.begin(), files.end());
    return files;
  }

  // Each process has its own folder: two tests of one example may run side by side.
  fs::path output_ = fs::path(testing::TempDir()) / ("example_" + std::to_string(::getpid()));
};

TEST_P(ExampleTest, BothFormatsDrawTheSamePictures) {
  const auto drawn = run(GetParam() + ".json");
  const auto api = run(GetParam() + ".api.json");
  ASSERT_FALSE(drawn.empty());
  ASSERT_EQ(drawn.size(), api.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i].extension() != ".png") continue;
    const Array picture = io::load_image(drawn[i]).pixels;
    const Array twin = io::load_image(api[i]).pixels;
    ASSERT_EQ(picture.shape(), twin.shape());
    EXPECT_TRUE(std::ranges::equal(picture.values(), twin.values())) << drawn[i];
    const auto [least, most] = std::ranges::minmax(picture.values());
    EXPECT_GT(most - least, 0.2F) << "a flat picture: " << drawn[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, ExampleTest,
                         testing::Values("plain", "sag", "img2img", "compare", "insight"),
                         [](const auto& name) { return name.param; });

// What --insight writes, through the node.
class InsightExampleTest : public ExampleTest {};

TEST_P(InsightExampleTest, LeavesMapsSheetAnimationAndReport) {
  run(GetParam() + ".api.json");
  const fs::path folder = output_ / (GetParam() + ".api.json") / "insight";
  for (const char* file : {"sheet.png", "animation.webp", "insight.json", "step_001_attention.npy",
                           "step_020_mask.png", "step_001_word_02_fox.png"}) {
    EXPECT_TRUE(fs::exists(folder / file)) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, InsightExampleTest, testing::Values("insight"));

}  // namespace
}  // namespace sagitta::cli
