#include "axis.h"
#include "comparison.h"
#include "options.h"
#include "sagitta/base/error.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace sagitta::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Axis axis(const std::string& text) { return parse_axis(text, NamedSettings(GenerateSettings{})); }

TEST(ParseAxis, SplitsAtCommasOrBarsAndCountsRanges) {
  EXPECT_THAT(axis("sag=0,0.5,1").values, ElementsAre("0", "0.5", "1"));
  EXPECT_THAT(axis("prompt=a cat, asleep|a dog").values, ElementsAre("a cat, asleep", "a dog"));
  EXPECT_THAT(axis("seed=1..4").values, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(axis("blur=1,2").parameter, "sag-blur");
}

TEST(ParseAxis, NamesTheParametersThatThereAre) {
  try {
    static_cast<void>(axis("sagg=1"));
    FAIL() << "took a parameter that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("sagg"), HasSubstr("sag-threshold")));
  }
  EXPECT_THROW(static_cast<void>(axis("sag")), Error);
}

// The embedded model, which lies where the program finds it.
class ComparisonTest : public testing::Test {
 protected:
  static Comparison plan(Engine& engine, const std::string& x, const std::string& y) {
    GenerateSettings base;
    base.generation.prompt = "a fox on a teal background";
    base.generation.sampling.steps = 2;
    const auto is_given = [](std::string_view name) { return name == "prompt" || name == "steps"; };
    return plan_comparison(base, is_given, axis(x), axis(y), engine.services());
  }
  static std::vector<CellResult> run(Engine& engine, const Comparison& comparison) {
    const auto services = graph::ServicesRef::to(engine.services());
    const graph::Registry registry = nodes::all_nodes();
    require_valid(comparison, registry, services);
    return run_comparison(comparison, registry, engine.services(), {.services = services});
  }
};

TEST_F(ComparisonTest, LoadsTheModelAndEncodesThePromptOnce) {
  Engine engine({}, {.device = "cpu", .dtype = "f32"});
  const Comparison comparison = plan(engine, "sag=0,1", "blur=1,2");
  const auto results = run(engine, comparison);
  ASSERT_EQ(results.size(), 4U);
  const auto runs_of = [&](const char* node) {
    return std::count_if(results.begin(), results.end(), [&](const CellResult& cell) {
      return std::find(cell.executed.begin(), cell.executed.end(), node) != cell.executed.end();
    });
  };
  EXPECT_EQ(runs_of("4"), 1);  // the checkpoint
  EXPECT_EQ(runs_of("6"), 1);  // the prompt
  EXPECT_EQ(runs_of("3"), 3);  // the sampler: without SAG the blur makes no difference
  EXPECT_EQ(results[0].pictures.values()[0], results[2].pictures.values()[0]);
}

TEST_F(ComparisonTest, BothDevicesDrawTheSamePicture) {
  Engine cpu({}, {.device = "cpu", .dtype = "f32"});
  Engine reference({}, {.device = "reference"});
  const auto pictures = [&](Engine& engine) {
    return run(engine, plan(engine, "sag=0.5,0.75", "seed=3")).front().pictures;
  };
  const Array fast = pictures(cpu);
  const Array slow = pictures(reference);
  ASSERT_EQ(fast.shape(), slow.shape());
  double error = 0;
  for (std::size_t i = 0; i < fast.size(); ++i)
    error += std::pow(static_cast<double>(fast[i]) - slow[i], 2);
  const double psnr = -10 * std::log10(error / static_cast<double>(fast.size()) + 1e-20);
  EXPECT_GT(psnr, 50);
}

TEST_F(ComparisonTest, TheStrengthOfALoraIsAnAxis) {
  Engine engine({}, {.device = "cpu", .dtype = "f32"});
  GenerateSettings base;
  base.loras = {"style.safetensors", "fixed.safetensors:2"};
  const auto is_given = [](std::string_view name) { return name == "lora"; };
  const Comparison comparison =
      plan_comparison(base, is_given, axis("lora-strength=-0.5,1"), {}, engine.services());
  ASSERT_EQ(comparison.cells.size(), 2U);
  EXPECT_EQ(comparison.cells[0].generation.loras[0].strength, -0.5);
  EXPECT_EQ(comparison.cells[1].generation.loras[0].strength, 1);
  EXPECT_EQ(comparison.cells[0].generation.loras[1].strength, 2);
}

// Every flag of `sagitta generate` is an axis; for each, two values that make a difference.
TEST_F(ComparisonTest, AnyParameterIsAnAxis) {
  Engine engine({}, {.device = "cpu", .dtype = "f32"});
  GenerateSettings base;
  base.generation.prompt = "a fox on a teal background";
  base.generation.sag.scale = 0.5F;
  base.loras = {"style.safetensors"};
  const std::map<std::string, std::string> values{{"model", "a.safetensors|b.safetensors"},
                                                  {"lora", "a.safetensors:0.5|b.safetensors"},
                                                  {"lora-strength", "0.5,1"},
                                                  {"prompt", "a cat, asleep|a dog"},
                                                  {"negative", "blurry|dark"},
                                                  {"size", "128x128,128x192"},
                                                  {"batch", "1,2"},
                                                  {"steps", "1..2"},
                                                  {"cfg", "1..2:0.5"},
                                                  {"seed", "1,18446744073709551615"},
                                                  {"denoise", "0.5,1"},
                                                  {"sampler", "euler,heun"},
                                                  {"scheduler", "normal,karras"},
                                                  {"sag", "0.5,1"},
                                                  {"sag-blur", "1,2"},
                                                  {"sag-threshold", "0.5,1"},
                                                  {"sag-start", "0,0.5"},
                                                  {"sag-end", "0.5,1"},
                                                  {"sag-layers", "d0,m0|m0"},
                                                  {"sag-degrade", "uncond,cond"},
                                                  {"sag-kernel", "0,9"},
                                                  {"sag-mask", "hard,soft"},
                                                  {"sag-upsampling", "nearest,bilinear"},
                                                  {"sag-schedule", "0:0,1:1|"},
                                                  {"sag-space", "x0,output"},
                                                  {"sag-economy", "exact,fast"},
                                                  {"clip-skip", "1,2"},
                                                  {"image", "a.png|b.png"}};
  for (const std::string& name : NamedSettings(GenerateSettings{}).names()) {
    ASSERT_TRUE(values.contains(name)) << name << ": which values would be tried?";
    GenerateSettings settings = base;
    if (name == "model") settings.size = "128x128";
    const auto is_given = [](std::string_view given) { return given == "sag" || given == "lora"; };
    const Axis wanted = axis(name + "=" + values.at(name));
    const Axis other = axis(name == "sag" ? "seed=1,2" : "sag=0.25,0.75");
    const Comparison comparison =
        plan_comparison(settings, is_given, wanted, other, engine.services());
    EXPECT_GT(comparison.order.size(), 2U) << name;
  }
}

TEST_F(ComparisonTest, RefusesFlagsThatCannotDoAnything) {
  Engine engine({}, {.device = "cpu", .dtype = "f32"});
  const auto message = [&](const char* flag, const std::string& x) -> std::string {
    try {
      const auto is_given = [&](std::string_view name) { return name == flag; };
      static_cast<void>(plan_comparison({}, is_given, axis(x), {}, engine.services()));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("sag-blur", "seed=1,2"), HasSubstr("without --sag"));
  EXPECT_EQ(message("sag-blur", "sag=0,1"), "");
  EXPECT_THAT(message("lora-strength", "seed=1,2"), HasSubstr("without --lora"));
  EXPECT_THAT(message("", "sag-blur=1,2"), HasSubstr("they need --sag"));
  EXPECT_THAT(message("", "lora-strength=0,1"), HasSubstr("they need a --lora"));
}

TEST_F(ComparisonTest, RefusesAValueBeforeAnythingRuns) {
  Engine engine({}, {.device = "cpu", .dtype = "f32"});
  EXPECT_THROW(static_cast<void>(plan(engine, "sag=0,9", "seed=1,2")), Error);
}

}  // namespace
}  // namespace sagitta::cli
