#include "sagitta/diffusion/schedule.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/custom_schedule.h"
#include "sagitta/diffusion/linspace.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta {
namespace {

// Below this a schedule has reached noise-free data by itself and needs no 0 at its end.
constexpr float kNoNoise = 1e-5F;

float first_timestep(const ModelSampling& sampling) {
  return sampling.timestep(sampling.sigma_max());
}
float last_timestep(const ModelSampling& sampling) {
  return sampling.timestep(sampling.sigma_min());
}

Sigmas simple(const ModelSampling& sampling, int steps) {
  const double stride = static_cast<double>(sampling.sigmas.size()) / steps;
  Sigmas sigmas;
  for (int i = 0; i < steps; ++i) {
    const auto from_end = 1 + static_cast<std::size_t>(i * stride);
    sigmas.push_back(sampling.sigmas[sampling.sigmas.size() - from_end]);
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas sgm_uniform(const ModelSampling& sampling, int steps) {
  Sigmas sigmas;
  for (const float t : linspace(first_timestep(sampling), last_timestep(sampling), steps + 1)) {
    sigmas.push_back(sampling.sigma(t));
  }
  sigmas.back() = 0;
  return sigmas;
}

Sigmas karras(const ModelSampling& sampling, int steps) {
  return karras_sigmas(
      {.steps = steps, .sigma_max = sampling.sigma_max(), .sigma_min = sampling.sigma_min()});
}

Sigmas exponential(const ModelSampling& sampling, int steps) {
  return exponential_sigmas(
      {.steps = steps, .sigma_max = sampling.sigma_max(), .sigma_min = sampling.sigma_min()});
}

Sigmas ddim_uniform(const ModelSampling& sampling, int steps) {
  const std::size_t size = sampling.sigmas.size();
  Sigmas sigmas;
  const bool ends_clean = size > 1 && sampling.sigmas[1] <= kNoNoise;
  if (ends_clean) {
    ++steps;
  } else {
    sigmas.push_back(0);
  }
  const std::size_t stride = std::max<std::size_t>(size / static_cast<std::size_t>(steps), 1);
  for (std::size_t i = 1; i < size; i += stride) sigmas.push_back(sampling.sigmas[i]);
  std::reverse(sigmas.begin(), sigmas.end());
  return sigmas;
}

Sigmas beta(const ModelSampling& sampling, int steps) {
  return beta_sigmas(sampling, {.steps = steps});
}

Sigmas normal(const ModelSampling& sampling, int steps) {
  const float last = last_timestep(sampling);
  const bool ends_clean = sampling.sigma(last) <= kNoNoise;
  Sigmas sigmas;
  for (const float t : linspace(first_timestep(sampling), last, ends_clean ? steps + 1 : steps)) {
    sigmas.push_back(sampling.sigma(t));
  }
  if (!ends_clean) sigmas.push_back(0);
  return sigmas;
}

// Linear while the noise is high, then a parabola that joins it smoothly (as in Mochi and LTX).
Sigmas linear_quadratic(const ModelSampling& sampling, int steps) {
  constexpr double kThreshold = 0.025;  // how much the linear half removes
  Sigmas sigmas;
  const int linear = steps / 2;
  const int quadratic = steps - linear;
  const double excess = linear - kThreshold * steps;
  const double square =
      linear > 0 ? excess / (static_cast<double>(linear) * quadratic * quadratic) : 0;
  const double slope = linear > 0 ? kThreshold / linear - 2 * excess / (quadratic * quadratic) : 0;
  const double constant = square * linear * linear;
  for (int i = 0; i < steps; ++i) {
    const double removed =
        i < linear ? i * kThreshold / linear : square * i * i + slope * i + constant;
    sigmas.push_back(static_cast<float>(1 - removed) * sampling.sigma_max());
  }
  sigmas.push_back(0);
  return sigmas;
}

// Sabour et al. 2024, the optimum for Gaussian data. One step has no optimum: the value is NaN.
Sigmas kl_optimal(const ModelSampling& sampling, int steps) {
  const double low = std::atan(static_cast<double>(sampling.sigma_min()));
  const double high = std::atan(static_cast<double>(sampling.sigma_max()));
  Sigmas sigmas;
  for (int i = 0; i < steps; ++i) {
    const float at = static_cast<float>(i) / static_cast<float>(steps - 1);
    sigmas.push_back(std::tan(at * static_cast<float>(low) + (1 - at) * static_cast<float>(high)));
  }
  sigmas.push_back(0);
  return sigmas;
}

constexpr std::array kSchedulers{
    SchedulerDef{"simple", simple},
    SchedulerDef{"sgm_uniform", sgm_uniform},
    SchedulerDef{"karras", karras},
    SchedulerDef{"exponential", exponential},
    SchedulerDef{"ddim_uniform", ddim_uniform},
    SchedulerDef{"beta", beta},
    SchedulerDef{"normal", normal},
    SchedulerDef{"linear_quadratic", linear_quadratic},
    SchedulerDef{"kl_optimal", kl_optimal},
};

}  // namespace

std::span<const SchedulerDef> schedulers() { return kSchedulers; }

const SchedulerDef& find_scheduler(std::string_view name) {
  std::vector<std::string_view> names;
  for (const SchedulerDef& def : kSchedulers) {
    if (def.name == name) return def;
    names.push_back(def.name);
  }
  throw Error(Fault::bad_input, fmt::format("unknown scheduler \"{}\"; the schedulers are {}", name,
                                            fmt::join(names, ", ")));
}

void require_steps(int steps) {
  require(steps >= 1 && steps <= kMaxSteps, Fault::bad_input, "steps must lie in 1..{}, got {}",
          kMaxSteps, steps);
}

Sigmas make_sigmas(const SchedulerDef& scheduler, const ModelSampling& sampling, int steps,
                   double denoise, bool discard_penultimate) {
  require_steps(steps);
  require(denoise >= 0 && denoise <= 1, Fault::bad_input, "denoise must lie in 0..1, got {}",
          denoise);
  constexpr double kAll = 0.9999;
  if (denoise <= 0) return {};
  const double whole = denoise > kAll ? steps : std::floor(steps / denoise);
  require(whole <= 100.0 * kMaxSteps, Fault::bad_input,
          "{} steps at denoise {} would need a schedule of {} steps", steps, denoise, whole);
  const int computed = static_cast<int>(whole) + (discard_penultimate ? 1 : 0);
  Sigmas sigmas = scheduler.sigmas(sampling, computed);
  if (discard_penultimate && sigmas.size() > 1) sigmas.erase(sigmas.end() - 2);
  const std::size_t kept = static_cast<std::size_t>(steps) + 1;
  if (denoise <= kAll && sigmas.size() > kept) {
    sigmas.erase(sigmas.begin(), sigmas.end() - static_cast<std::ptrdiff_t>(kept));
  }
  return sigmas;
}

}  // namespace sagitta
