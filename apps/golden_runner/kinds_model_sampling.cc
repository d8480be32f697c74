// Models sampled in another way than they were trained for: tables, conversions, schedules,
// predictions and runs.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/rescale_cfg.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/schedule.h"

#include <cmath>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Json;
using sagitta::Model;
using sagitta::ModelSampling;
using sagitta::PredictionType;

bool matches(const GoldenFile& file) {
  return !file.is_json() && file.has("query_sigma") && file.has("query_t");
}

// Longer names first.
constexpr std::pair<std::string_view, PredictionType> kPredictions[] = {
    {"v_prediction", PredictionType::v_prediction},
    {"eps", PredictionType::eps},
    {"lcm", PredictionType::lcm},
    {"x0", PredictionType::x0},
    {"edm", PredictionType::edm},
    {"cosmos_rflow", PredictionType::cosmos_rflow},
    {"img_to_img", PredictionType::img_to_img},
    {"v", PredictionType::v_prediction}};

std::optional<PredictionType> prediction_in(std::string_view name) {
  for (const auto& [known, type] : kPredictions) {
    if (name.starts_with(known)) return type;
  }
  return std::nullopt;
}

// A variant: "discrete_KIND_zsnr1", "edm_KIND_MAX_MIN" or "continuous_v_MAX_MIN"; behind
// "rescaleM_" with RescaleCFG, where "edm_v" has the node's default sigmas.
struct Variant {
  ModelSampling sampling;
  std::optional<float> rescale = {};
};

std::optional<Variant> variant_of(std::string_view name) {
  Variant variant;
  constexpr std::string_view kRescale = "rescale";
  if (name.starts_with(kRescale)) {
    variant.rescale = static_cast<float>(number_in(name, kRescale));
    name.remove_prefix(name.find('_') + 1);
  }
  const auto sigmas = [&](double max, double min) {
    const auto last = name.rfind('_');
    const auto before = name.rfind('_', last - 1);
    if (before == std::string_view::npos || before == 0) return std::pair{max, min};
    return std::pair{number_in(name.substr(before + 1), ""), number_in(name.substr(last + 1), "")};
  };
  constexpr std::string_view kDiscrete = "discrete_";
  constexpr std::string_view kEdm = "edm_";
  if (name.starts_with(kDiscrete)) {
    const auto prediction = prediction_in(name.substr(kDiscrete.size()));
    if (!prediction) return std::nullopt;
    variant.sampling =
        discrete_sampling(*prediction, {.zero_terminal_snr = integer_in(name, "zsnr") != 0});
  } else if (name.starts_with(kEdm)) {
    const auto prediction = prediction_in(name.substr(kEdm.size()));
    // Playground's models have latents of a format of their own.
    if (!prediction || name.find("playground") != std::string_view::npos) return std::nullopt;
    const auto [max, min] = sigmas(120, 0.002);
    variant.sampling = continuous_edm_sampling(*prediction, min, max);
  } else if (name.starts_with("continuous_v_")) {
    const auto [max, min] = sigmas(500, 0.03);
    variant.sampling = sagitta::continuous_v_sampling(min, max);
  } else {
    return std::nullopt;
  }
  return variant;
}

Array list(std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {{size}, std::move(values)};
}

template <class Map>
Array mapped(Array values, Map map) {
  for (float& value : values.values()) value = static_cast<float>(map(value));
  return values;
}

class Comparison {
 public:
  Comparison(const GoldenFile& file, Context& context)
      : file_(file), params_(file.params()), base_(model_of(file, context)) {}

  // Nothing for a name that is not known. parts begins with the variant's name.
  std::optional<Array> value(const std::vector<std::string_view>& parts,
                             const Variant& variant) const {
    const ModelSampling& sampling = variant.sampling;
    const std::string_view what = parts[1];
    if (what == "sigmas") return table(sampling);
    if (what == "timestep_of_query") {
      return mapped(file_.array("query_sigma"), [&](float s) { return sampling.timestep(s); });
    }
    if (what == "sigma_of_query_t") {
      return mapped(file_.array("query_t"), [&](float t) { return sampling.sigma(t); });
    }
    if (what == "sigma_of_query_t_over_1000") {
      // The divisor depends on the variant, and stands in params as a sentence.
      const float divisor = parts[0].starts_with("edm") ? 100 : 1000;
      return mapped(file_.array("query_t"), [&](float t) { return sampling.sigma(t / divisor); });
    }
    if (what.starts_with("percent_")) return percents(what, sampling);
    if (what == "schedule" && parts.size() == 3) {
      return list(make_sigmas(sagitta::find_scheduler(parts[2]), sampling, kScheduleSteps));
    }
    if (what == "unet_timestep") {
      return mapped(file_.array("sigma"), [&](float s) { return sampling.timestep(s); });
    }
    if (what == "unet_in") return sampling.calculate_input(file_.array("sigma").values(), noisy());
    if (what == "denoised") return guided(variant, 1);
    if (what.starts_with("guided_cfg")) {
      return guided(variant, static_cast<float>(number_in(what, "guided_cfg")));
    }
    if (what == "run" && parts.size() == 5) return run(parts, variant);
    return std::nullopt;
  }

 private:
  static constexpr int kScheduleSteps = 5;  // the files' text says so

  // Long tables are thinned.
  static Array table(const ModelSampling& sampling) {
    constexpr std::size_t kStride = 37;
    constexpr std::size_t kLong = 100;
    if (sampling.sigmas.size() < kLong) return list(sampling.sigmas);
    std::vector<float> kept;
    for (std::size_t i = 0; i < sampling.sigmas.size(); i += kStride)
      kept.push_back(sampling.sigmas[i]);
    return list(std::move(kept));
  }

  // "percent_0.1_0.5_0.9"
  static Array percents(std::string_view what, const ModelSampling& sampling) {
    std::vector<float> sigmas;
    for (auto at = what.find('_'); at != std::string_view::npos; at = what.find('_', at + 1)) {
      const double percent = number_in(what.substr(at + 1), "");
      sigmas.push_back(static_cast<float>(sampling.percent_to_sigma(percent)));
    }
    return list(std::move(sigmas));
  }

  [[nodiscard]] Array noisy() const {
    const Array sigma = file_.array("sigma");
    std::vector<Array> rows;
    for (std::int64_t i = 0; i < sigma.dim(0); ++i) {
      const float s = sigma[static_cast<std::size_t>(i)];
      rows.push_back(file_.array("x").slice(i, 1) * std::sqrt(1 + s * s));
    }
    return concat(rows);
  }

  [[nodiscard]] Model model(const Variant& variant) const {
    Model model = base_;
    model.sampling = variant.sampling;
    if (variant.rescale)
      model = with_rescale_cfg(std::move(model), {.multiplier = *variant.rescale});
    return model;
  }

  // Each item of the batch at its own sigma.
  [[nodiscard]] Array guided(const Variant& variant, float cfg) const {
    const Model patched = model(variant);
    const Array sigma = file_.array("sigma");
    const Array x = noisy();
    const auto conditioning = prepare_conditioning(
        {entry_of(file_, "pos")}, {entry_of(file_, "neg")}, patched, x.dim(2), x.dim(3));
    std::vector<Array> rows;
    for (std::int64_t i = 0; i < sigma.dim(0); ++i) {
      sagitta::RunScratch scratch;
      sagitta::Denoiser denoiser(patched, conditioning, scratch, {.cfg = cfg});
      rows.push_back(denoiser(x.slice(i, 1), sigma[static_cast<std::size_t>(i)]).denoised);
    }
    return concat(rows);
  }

  // run/sampler/scheduler/sag|nosag
  [[nodiscard]] Array run(const std::vector<std::string_view>& parts,
                          const Variant& variant) const {
    Model patched = model(variant);
    if (parts[4] == "sag") {
      const auto sag = field<std::vector<float>>(params_, "sag");
      patched = with_sag(std::move(patched), {.scale = sag.at(0), .blur_sigma = sag.at(1)});
    }
    sagitta::SampleParams run;
    run.seed = field<std::uint64_t>(params_, "seed");
    run.steps = field<int>(params_, "steps");
    run.sampler = parts[2];
    run.scheduler = parts[3];
    run.cfg = field<float>(params_, run.sampler == "lcm" ? "cfg_lcm_sampler" : "cfg");
    return sample(patched, {entry_of(file_, "pos")}, {entry_of(file_, "neg")},
                  {.samples = Array(file_.array("noise").shape())}, run);
  }

  const GoldenFile& file_;
  Json params_;
  Model base_;
};

void run(const GoldenFile& file, Context& context, Report& report) {
  const Comparison comparison(file, context);
  const Tolerances tolerances = file.tolerances();
  for (const auto& [name, tensor] : file.tensors) {
    const auto parts = name_parts(name);
    if (parts.size() < 2) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const auto variant = variant_of(parts[0]);
      if (!variant) return report.skip(name, "the sampling is not there yet");
      const auto got = comparison.value(parts, *variant);
      if (!got) return report.skip(name, "no such figure is known");
      const bool predicted = parts[1] == "denoised" || parts[1].starts_with("guided");
      report.check(name, *got, to_array(tensor),
                   tolerances.of(parts[1] == "run" ? "runs"
                                 : predicted       ? "denoised"
                                                   : "tables"));
    });
  }
}

}  // namespace

const Kind kModelSamplingKind{.name = "model samplings", .matches = matches, .run = run};

}  // namespace golden
