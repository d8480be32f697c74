// Self-Attention Guidance: its parts on their own, and whole guided evaluations.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/gaussian_blur.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "sagitta/ops/attention.h"

#include <cmath>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::CfgState;
using sagitta::Conditioning;
using sagitta::Grid;
using sagitta::Json;
using sagitta::Model;
using sagitta::Role;
namespace ops = sagitta::ops;
namespace sag = sagitta::sag;

bool in_sag(const GoldenFile& file) { return file.folder == "sag" && !file.is_json(); }
bool is_blur(const GoldenFile& file) { return in_sag(file) && file.has("kernel1d0"); }
bool is_blur_map(const GoldenFile& file) { return in_sag(file) && file.has("mask_small0"); }
bool is_attention(const GoldenFile& file) { return in_sag(file) && file.has("sim0"); }
bool is_grid(const GoldenFile& file) { return in_sag(file) && file.has("table"); }
bool is_step(const GoldenFile& file) { return in_sag(file) && file.has("uncond_pred"); }

constexpr Tolerance kEqual{};
constexpr const char* kSigmaZero = "upstream divides 0 by 0 at blur sigma 0; here 0 means no blur";

void check_blur(const GoldenFile& file, Context&, Report& report) {
  const Json params = file.params();
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const std::string name = fmt::format("out{}", i);
    const auto sigma = field<float>(one, "sigma");
    if (sigma == 0) {
      report.skip(name, kSigmaZero);
      continue;
    }
    report.check(
        name, sag::blur(file.array(fmt::format("in{}", i)), sigma, params.value("kernel_size", 9)),
        file.array(name), file.tolerances().first());
  }
}

// Sum over queries of the mean over heads, from probabilities (B*heads, T, T).
Array column_sums(const Array& attention, std::int64_t batch) {
  const std::int64_t heads = attention.dim(0) / batch;
  const std::int64_t tokens = attention.dim(2);
  Array sums({batch, tokens});
  for (std::int64_t row = 0; row < attention.dim(0) * attention.dim(1); ++row) {
    const std::int64_t item = row / attention.dim(1) / heads;
    for (std::int64_t key = 0; key < tokens; ++key) {
      sums[static_cast<std::size_t>(item * tokens + key)] +=
          attention[static_cast<std::size_t>(row * tokens + key)] / static_cast<float>(heads);
    }
  }
  return sums;
}

void check_blur_map(const GoldenFile& file, Context&, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const auto name = [i](const char* part) { return fmt::format("{}{}", part, i); };
    report.attempt(name("case"), [&] {
      const Array x0 = file.array(fmt::format("x0_{}", i));
      const auto sizes = field<std::vector<std::int64_t>>(one, "mask_grid");
      const Grid grid{.rows = sizes.at(0), .cols = sizes.at(1)};
      const Array sums = column_sums(file.array(name("attn")), x0.dim(0));
      report.check(name("colsum"), sums, file.array(name("colsum")), tolerance);
      report.check(name("mask_small"), sag::mask(sag::to_cells(sums, grid, grid.rows, grid.cols)),
                   file.array(name("mask_small")), kEqual);
      const Array mask = sag::mask(sag::to_cells(sums, grid, x0.dim(2), x0.dim(3)));
      report.check(name("mask"), mask, file.array(name("mask")), kEqual);
      const auto sigma = field<float>(one, "sigma");
      if (sigma == 0) return report.skip(name("out"), kSigmaZero);
      report.check(name("out"), sag::degrade(x0, sag::blur(x0, sigma), mask),
                   file.array(name("out")), tolerance);
    });
  }
}

void check_attention(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const auto load = [&](const char* part) {
      return upload(context.device(), file.array(fmt::format("{}{}", part, i)));
    };
    const auto observed = ops::observed_attention(load("q"), load("k"), load("v"),
                                                  {.heads = field<int>(one, "heads")});
    report.check(fmt::format("out{}", i), download(observed.out),
                 file.array(fmt::format("out{}", i)), tolerance);
    report.check(fmt::format("column sums of sim{}", i), download(observed.received),
                 column_sums(file.array(fmt::format("sim{}", i)), observed.out.dim(0)), tolerance);
  }
}

// The table lists, per latent size, the true grid and the one that upstream guesses. sagitta's grid
// is the network's own, which halves each side once per level, rounding up.
void check_grid(const GoldenFile& file, Context&, Report& report) {
  const Array table = file.array("table");
  for (std::int64_t row = 0; row < table.dim(0); ++row) {
    const float* values = table.data() + row * table.dim(1);
    for (int side = 0; side < 2; ++side) {
      auto size = static_cast<std::int64_t>(values[side]);
      for (auto down = static_cast<std::int64_t>(values[2]); down > 1; down /= 2)
        size = (size + 1) / 2;
      if (size != static_cast<std::int64_t>(values[3 + side])) {
        return report.fail("grid", fmt::format("row {}: {} tokens a side, expected {}", row, size,
                                               values[3 + side]));
      }
    }
  }
  report.check_that("true grid", true);
  report.skip("upstream's guess", "sagitta takes the grid from the network and guesses nothing");
}

// What the hooks of one evaluation see.
struct Seen {
  Array cond;
  Array colsum;
  Grid grid;
  Array sag_pred;
};

// The result itself is deliberately different in these cases; what leads to it is checked.
const char* deliberate_difference(const GoldenFile& file, const Json& params) {
  if (field<float>(params, "blur_sigma") == 0) return kSigmaZero;
  if (file.has("neg2")) {
    return "upstream keeps one negative's attention; here all are averaged by their weights";
  }
  return nullptr;
}

void check_step(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerances tolerances = file.tolerances();
  const Tolerance& tolerance = tolerances.first();
  const Array x = file.array("x");
  const auto scale = field<float>(params, "sag_scale");
  const auto blur_sigma = field<float>(params, "blur_sigma");
  Seen seen;
  Model model = model_of(file, context);
  model.patches = model.patches.observe_received(
      {.stage = sagitta::Stage::middle, .block = 0, .depth = 0}, Role::uncond,
      [&](const sagitta::ReceivedAttention& attention) {
        std::vector<Array> rows;
        for (std::size_t i = 0; i < attention.pass.rows.size(); ++i) {
          if (attention.pass.rows[i].role == Role::uncond) {
            rows.push_back(attention.values.slice(static_cast<std::int64_t>(i), 1));
          }
        }
        seen.colsum = concat(rows);
        seen.grid = attention.grid;
      });
  model.post_cfg.emplace_back([&](const CfgState& state) {
    seen.cond = state.cond;
    if (file.has("degraded_noised")) {
      seen.sag_pred = state.denoise(Role::degraded, file.array("degraded_noised"), state.patches);
    }
    return state.result;
  });
  model = with_sag(std::move(model), {.scale = scale, .blur_sigma = blur_sigma});

  Conditioning negative{entry_of(file, "neg")};
  if (file.has("neg2")) {
    // The headers do not say it: the second negative counts half.
    negative.push_back(entry_of(file, "neg2"));
    negative.back().strength = params.value("neg2_strength", 0.5F);
  }
  const auto conditioning =
      prepare_conditioning({entry_of(file, "pos")}, negative, model, x.dim(2), x.dim(3));
  // Chunked files ran one conditioning per call.
  const bool chunked = field<Json>(params, "unet_calls").at(0).at("cond_or_uncond").size() == 1;
  sagitta::RunScratch scratch;
  sagitta::Denoiser denoiser(model, conditioning, scratch,
                             {.cfg = field<float>(params, "cfg"), .max_entries = chunked ? 1 : 0});
  const auto guided = denoiser(x, file.array("sigma")[0]);

  const auto compare = [&](const char* name, const Array& got) {
    if (file.has(name)) report.check(name, got, file.array(name), tolerances.of(name));
  };
  const auto compare_mask = [&](const char* name, const Array& got) {
    if (file.has(name)) report.check(name, got, file.array(name), kEqual);
  };
  compare("cond_pred", seen.cond);
  compare("uncond_pred", guided.uncond);
  const char* difference = deliberate_difference(file, params);
  if (!file.has("neg2") && file.has("mask")) {
    compare("colsum", seen.colsum);
    compare_mask("mask_small",
                 sag::mask(sag::to_cells(seen.colsum, seen.grid, seen.grid.rows, seen.grid.cols)));
    const Array mask = sag::mask(sag::to_cells(seen.colsum, seen.grid, x.dim(2), x.dim(3)));
    compare_mask("mask", mask);
    if (difference == nullptr) {
      compare("degraded", sag::degrade(guided.uncond, sag::blur(guided.uncond, blur_sigma), mask));
    }
  }
  if (difference != nullptr) {
    const bool finite = std::ranges::all_of(guided.denoised.values(),
                                            [](float value) { return std::isfinite(value); });
    report.check_that("denoised is finite", finite, "it holds NaN or infinity");
    return report.skip("denoised", difference);
  }
  compare("sag_pred", seen.sag_pred);
  report.check("denoised", guided.denoised, file.array("denoised"), tolerance);
}

}  // namespace

const Kind kSagBlurKind{.name = "SAG blur", .matches = is_blur, .run = check_blur};
const Kind kSagMapKind{.name = "SAG degradation", .matches = is_blur_map, .run = check_blur_map};
const Kind kSagAttentionKind{
    .name = "received attention", .matches = is_attention, .run = check_attention};
const Kind kSagGridKind{.name = "token grid", .matches = is_grid, .run = check_grid};
const Kind kSagStepKind{.name = "SAG evaluation", .matches = is_step, .run = check_step};

}  // namespace golden
