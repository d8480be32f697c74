// Runs with patches inside the network that come in numbered cases: Deep Shrink and HyperTile.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/guidance/deep_shrink.h"
#include "sagitta/diffusion/guidance/hypertile.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/sample.h"

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Json;
using sagitta::Model;
using sagitta::SampleParams;

bool has_param(const GoldenFile& file, std::string_view name) {
  return file.folder == "patches" && file.has_header("params") && file.has("run0") &&
         file.header("params").find(fmt::format("\"{}\"", name)) != std::string::npos;
}
bool is_deep_shrink(const GoldenFile& file) { return has_param(file, "block_number"); }
bool is_hypertile(const GoldenFile& file) { return has_param(file, "tile_size"); }

SampleParams run_of(const Json& params, const Json& seeded, int steps) {
  SampleParams run;
  run.sampler = "euler";
  run.scheduler = field<std::string>(params, "scheduler");
  run.cfg = field<float>(params, "cfg");
  run.seed = field<std::uint64_t>(seeded, "seed");
  run.steps = steps;
  return run;
}

Array run_empty(const GoldenFile& file, const Model& model, const Array& noise,
                const SampleParams& run) {
  return sample(model, {entry_of(file, "pos")}, {entry_of(file, "neg")},
                {.samples = Array(noise.shape())}, run);
}

void check_deep_shrink(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const SampleParams run = run_of(params, params, field<int>(params, "steps"));
  const auto sag = field<std::vector<float>>(params, "sag");
  for (const Json& one : array_field(params, "cases")) {
    const std::string name = fmt::format("run{}", field<int>(one, "i"));
    report.attempt(name, [&] {
      const Model model = with_deep_shrink(
          model_of(file, context),
          {.block_number = field<int>(one, "block_number"),
           .downscale_factor = field<float>(one, "downscale_factor"),
           .start_percent = field<float>(one, "start_percent"),
           .end_percent = field<float>(one, "end_percent"),
           .downscale_after_skip = field<bool>(one, "downscale_after_skip"),
           .downscale_method = sagitta::resize_method(field<std::string>(one, "downscale_method")),
           .upscale_method = sagitta::resize_method(field<std::string>(one, "upscale_method"))});
      const Array noise = file.array("noise");
      report.check(name, run_empty(file, model, noise, run), file.array(name), tolerance);
      const std::string with_sag_name = name + "_sag";
      if (!file.has(with_sag_name)) return;
      report.check(with_sag_name,
                   run_empty(file, with_sag(model, {.scale = sag.at(0), .blur_sigma = sag.at(1)}),
                             noise, run),
                   file.array(with_sag_name), tolerance);
    });
  }
}

// Every draw, as [bound, value].
void check_draws(const Json& one, const Array& noise, Report& report) {
  auto rng = sagitta::generator_after_noise(field<std::uint64_t>(one, "seed"), noise.shape());
  int wrong = 0;
  for (const Json& draw : array_field(one, "draws_high_value")) {
    wrong += rng.below(draw.at(0).get<std::uint64_t>()) != draw.at(1).get<std::uint64_t>() ? 1 : 0;
  }
  report.check_that(fmt::format("draws{}", field<int>(one, "i")), wrong == 0,
                    fmt::format("{} draws differ", wrong));
}

void check_hypertile(const GoldenFile& file, Context& context, Report& report) {
  constexpr int kSteps = 3;  // the files' text says so
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  for (const Json& one : array_field(params, "cases")) {
    const std::string name = fmt::format("run{}", field<int>(one, "i"));
    report.attempt(name, [&] {
      const Array noise = file.array(fmt::format("noise{}", field<int>(one, "i")));
      check_draws(one, noise, report);
      const Model model =
          with_hypertile(model_of(file, context), {.tile_size = field<int>(one, "tile_size"),
                                                   .swap_size = field<int>(one, "swap_size"),
                                                   .max_depth = field<int>(one, "max_depth"),
                                                   .scale_depth = field<bool>(one, "scale_depth")});
      report.check(
          name, run_empty(file, model, noise, run_of(params, one, params.value("steps", kSteps))),
          file.array(name), tolerance);
    });
  }
}

}  // namespace

const Kind kDeepShrinkKind{
    .name = "Deep Shrink", .matches = is_deep_shrink, .run = check_deep_shrink};
const Kind kHyperTileKind{.name = "HyperTile", .matches = is_hypertile, .run = check_hypertile};

}  // namespace golden
