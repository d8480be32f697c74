// Sigma lists of the custom sampling nodes, with the parameters in the tensor names, and the tools
// that cut and refine such lists.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "sagitta/diffusion/custom_schedule.h"
#include "sagitta/diffusion/sigma_tools.h"

#include <utility>

namespace golden {
namespace {

using namespace sagitta;  // NOLINT(google-build-using-namespace): nearly every name here is theirs

using Parts = std::vector<std::string_view>;

bool matches(const GoldenFile& file) {
  if (file.folder != "custom" || file.is_json()) return false;
  // A run has a latent; lists of sigmas have none.
  return !file.has("noise") && (file.has_prefix("ops/") || file.has_prefix("basic/") ||
                                file.name.find("sigmas") != std::string::npos);
}

AlignYourStepsModel align_model(std::string_view name) {
  if (name == "SD1") return AlignYourStepsModel::sd1;
  if (name == "SDXL") return AlignYourStepsModel::sdxl;
  require(name == "SVD", Fault::bad_file, "\"{}\" is neither SD1, SDXL nor SVD", name);
  return AlignYourStepsModel::svd;
}

// Lists whose first part names the family and which have a part "stepsN".
std::optional<Sigmas> schedule(const Parts& parts, const ModelSampling& sampling) {
  const std::string_view family = parts[0];
  if (family == "basic" && parts.size() == 4) {
    return make_sigmas(find_scheduler(parts[1]), sampling, integer_in(parts[2], "steps"),
                       number_in(parts[3], "denoise"));
  }
  if (family == "align_your_steps" && parts.size() == 4) {
    return align_your_steps_sigmas(align_model(parts[1]), integer_in(parts[2], "steps"),
                                   number_in(parts[3], "denoise"));
  }
  if (parts.size() != 3) return std::nullopt;
  const int steps = integer_in(parts[1], "steps");
  const auto value = [&](std::string_view label) { return number_in(parts[2], label); };
  if (family == "sd_turbo") return sd_turbo_sigmas(sampling, steps, value("denoise"));
  if (family == "karras") {
    return karras_sigmas({.steps = steps,
                          .sigma_max = value("max"),
                          .sigma_min = value("min"),
                          .rho = value("rho")});
  }
  if (family == "exponential") {
    return exponential_sigmas(
        {.steps = steps, .sigma_max = value("max"), .sigma_min = value("min")});
  }
  if (family == "polyexponential") {
    return polyexponential_sigmas({.steps = steps,
                                   .sigma_max = value("max"),
                                   .sigma_min = value("min"),
                                   .rho = value("rho")});
  }
  if (family == "laplace") {
    return laplace_sigmas({.steps = steps,
                           .sigma_max = value("max"),
                           .sigma_min = value("min"),
                           .mu = value("mu"),
                           .beta = value("beta")});
  }
  if (family == "vp") {
    return vp_sigmas(
        {.steps = steps, .beta_d = value("d"), .beta_min = value("min"), .eps_s = value("eps")});
  }
  if (family == "beta_sampling") {
    return beta_sigmas(sampling, {.steps = steps, .alpha = value("alpha"), .beta = value("beta")});
  }
  return std::nullopt;
}

Spacing spacing_of(std::string_view part) {
  if (part.starts_with("extend_linear")) return Spacing::linear;
  if (part.starts_with("extend_cosine")) return Spacing::cosine;
  require(part.starts_with("extend_sine"), Fault::bad_file, "unknown spacing in \"{}\"", part);
  return Spacing::sine;
}

// "ops/percent_to_sigma/0.3/actual1": "actual" asks for the model's own sigmas at both ends.
Sigmas percent(const Parts& parts, const ModelSampling& sampling) {
  const double at = number_in(parts[2], "");
  const bool actual = number_in(parts[3], "actual") != 0;
  return {static_cast<float>(percent_to_sigma(sampling, at, actual))};
}

std::optional<Sigmas> tool(const GoldenFile& file, const Parts& parts,
                           const ModelSampling& sampling) {
  const std::string_view op = parts[1];
  if (op == "manual") return parse_sigmas(field<std::string>(file.params(), "manual"));
  if (op == "percent_to_sigma" && parts.size() == 4) return percent(parts, sampling);
  const Array input = file.array("ops/input");
  const auto sigmas = input.values();
  const auto half = [&](std::pair<Sigmas, Sigmas> halves) {
    return parts.back() == "high" ? std::move(halves.first) : std::move(halves.second);
  };
  if (op.starts_with("split_denoise")) {
    return half(split_sigmas_denoise(sigmas, number_in(op, "denoise")));
  }
  if (op.starts_with("split")) return half(split_sigmas(sigmas, integer_in(op, "split")));
  if (op == "flip") return flip_sigmas(sigmas);
  if (op.starts_with("set_first_")) {
    return set_first_sigma(sigmas, static_cast<float>(number_in(op, "set_first_")));
  }
  if (op.starts_with("extend_")) {
    return extend_sigmas(sigmas, {.steps = integer_in(op, "steps"),
                                  .start_at_sigma = number_in(op, "start"),
                                  .end_at_sigma = number_in(op, "end"),
                                  .spacing = spacing_of(op)});
  }
  return std::nullopt;
}

void run(const GoldenFile& file, Context&, Report& report) {
  const Tolerance tolerance = file.tolerances().first();
  const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  for (const auto& [name, tensor] : file.tensors) {
    if (name == "ops/input") continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const Parts parts = name_parts(name);
      const bool is_tool = parts[0] == "ops" && parts.size() > 1;
      std::optional<Sigmas> got = is_tool ? tool(file, parts, sampling) : schedule(parts, sampling);
      if (!got) return report.skip(name, "no such schedule or tool is known");
      const auto size = static_cast<std::int64_t>(got->size());
      report.check(name, Array({size}, std::move(*got)), to_array(tensor), tolerance);
    });
  }
}

}  // namespace

const Kind kCustomSigmasKind{.name = "custom sigma lists", .matches = matches, .run = run};

}  // namespace golden
