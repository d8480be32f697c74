// Batches of conditionings with areas, masks, strengths and time ranges, and the CFG formula.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/vector_conditioning.h"

namespace golden {
namespace {

using sagitta::AreaSpec;
using sagitta::Array;
using sagitta::Conditioning;
using sagitta::ConditioningEntry;
using sagitta::Json;
using sagitta::Model;

bool is_cfg(const GoldenFile& file) { return file.folder == "cfg" && file.has("cond_pred"); }

bool is_vector(const GoldenFile& file) {
  return file.folder == "unet" && file.has("pooled0") && file.has("y0");
}

AreaSpec area_of(const Json& hwyx, bool percentage) {
  const auto values = hwyx.get<std::vector<double>>();
  sagitta::require(values.size() == 4, sagitta::Fault::bad_file, "an area has four numbers");
  return {.height = values[0],
          .width = values[1],
          .y = values[2],
          .x = values[3],
          .percentage = percentage};
}

ConditioningEntry entry_with_options(const GoldenFile& file, const Json& options) {
  ConditioningEntry entry = entry_of(file, field<std::string>(options, "ctx"));
  entry.strength = options.value("strength", 1.0F);
  if (options.contains("area_hwyx")) entry.area = area_of(options["area_hwyx"], false);
  if (options.contains("area_percent_hwyx"))
    entry.area = area_of(options["area_percent_hwyx"], true);
  if (options.contains("mask")) {
    entry.mask = std::make_shared<const Array>(file.array(field<std::string>(options, "mask")));
  }
  entry.mask_strength = options.value("mask_strength", 1.0F);
  entry.mask_bounds = options.value("set_area_to_bounds", false);
  entry.start_percent = options.value("start_percent", 0.0);
  entry.end_percent = options.value("end_percent", 1.0);
  return entry;
}

void check_cfg(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  Model model = model_of(file, context);
  Array cond;
  model.post_cfg.emplace_back([&](const sagitta::CfgState& state) {
    cond = state.cond;
    return state.result;
  });
  Conditioning positive;
  if (params.contains("conds")) {
    for (const Json& options : array_field(params, "conds")) {
      positive.push_back(entry_with_options(file, options));
    }
  } else {
    positive.push_back(entry_of(file, "pos"));
  }
  const Array x = file.array("x");
  const auto conditioning =
      prepare_conditioning(positive, {entry_of(file, "neg")}, model, x.dim(2), x.dim(3));
  sagitta::RunScratch scratch;
  // The files hold the negative prediction also where CFG 1 does not need it.
  sagitta::Denoiser denoiser(model, conditioning, scratch,
                             {.cfg = field<float>(params, "cfg"), .needs_uncond = true});
  const auto guided = denoiser(x, file.array("sigma")[0]);
  report.check("cond_pred", cond, file.array("cond_pred"), tolerance);
  report.check("uncond_pred", guided.uncond, file.array("uncond_pred"), tolerance);
  report.check("denoised", guided.denoised, file.array("denoised"), tolerance);
}

// The upstream defaults.
sagitta::SizeConditioning sizes_of(const Json& one) {
  constexpr std::int64_t kDefaultSide = 768;
  sagitta::SizeConditioning sizes;
  sizes.width = one.value("width", kDefaultSide);
  sizes.height = one.value("height", kDefaultSide);
  sizes.crop_w = one.value("crop_w", std::int64_t{0});
  sizes.crop_h = one.value("crop_h", std::int64_t{0});
  sizes.target_width = one.value("target_width", sizes.width);
  sizes.target_height = one.value("target_height", sizes.height);
  if (one.contains("aesthetic_score")) sizes.aesthetic_score = field<float>(one, "aesthetic_score");
  return sizes;
}

void check_vector(const GoldenFile& file, Context&, Report& report) {
  const Json params = file.params();
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const Array pooled = file.array(fmt::format("pooled{}", i));
    const Array expected = file.array(fmt::format("y{}", i));
    const bool negative = one.value("prompt_type", std::string()) == "negative";
    std::vector<Array> rows;
    for (std::int64_t row = 0; row < pooled.dim(0); ++row) {
      rows.push_back(
          vector_conditioning(pooled.slice(row, 1), sizes_of(one), expected.dim(1), negative));
    }
    report.check(fmt::format("y{}", i), concat(rows), expected, file.tolerances().first());
  }
}

}  // namespace

const Kind kCfgKind{.name = "guided prediction", .matches = is_cfg, .run = check_cfg};
const Kind kVectorKind{.name = "vector conditioning", .matches = is_vector, .run = check_vector};

}  // namespace golden
