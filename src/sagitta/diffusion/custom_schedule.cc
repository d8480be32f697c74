#include "sagitta/diffusion/custom_schedule.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/beta_distribution.h"
#include "sagitta/diffusion/linspace.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta {
namespace {

// How far value i of `steps` is on the way from 0 to 1.
double ramp(int i, int steps) { return steps == 1 ? 0 : static_cast<double>(i) / (steps - 1); }

// The smallest sigma whose logarithm is taken; 0 would make the whole list 0 or NaN.
void require_bounds(double sigma_min, double sigma_max) {
  require(sigma_min > 0 && sigma_max > 0, Fault::bad_input,
          "sigma_min and sigma_max must be positive, got {} and {}", sigma_min, sigma_max);
}

// The levels of Align Your Steps for ten steps.
constexpr std::array<double, 11> kAlignSd1{14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520,
                                           1.8841921177,  1.3943805092, 0.9642583904, 0.6523686016,
                                           0.3977456272,  0.1515232662, 0.0291671582};
constexpr std::array<double, 11> kAlignSdxl{14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769,
                                            1.3405244945,  0.8620721141, 0.5550693289, 0.3798540708,
                                            0.2332364134,  0.1114188177, 0.0291671582};
constexpr std::array<double, 11> kAlignSvd{700.00, 54.5,  15.886, 7.977, 4.248, 1.789,
                                           0.981,  0.403, 0.173,  0.034, 0.002};

const std::array<double, 11>& align_levels(AlignYourStepsModel model) {
  switch (model) {
    case AlignYourStepsModel::sd1:
      return kAlignSd1;
    case AlignYourStepsModel::sdxl:
      return kAlignSdxl;
    case AlignYourStepsModel::svd:
      break;
  }
  return kAlignSvd;
}

}  // namespace

Sigmas karras_sigmas(const KarrasParams& params) {
  require_steps(params.steps);
  require(params.rho > 0, Fault::bad_input, "rho must be positive, got {}", params.rho);
  const double low = std::pow(params.sigma_min, 1 / params.rho);
  const double high = std::pow(params.sigma_max, 1 / params.rho);
  Sigmas sigmas;
  for (const float at : linspace(0, 1, params.steps)) {
    const float root = static_cast<float>(high) + at * static_cast<float>(low - high);
    sigmas.push_back(std::pow(root, static_cast<float>(params.rho)));
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas exponential_sigmas(const ExponentialParams& params) {
  require_steps(params.steps);
  require_bounds(params.sigma_min, params.sigma_max);
  const auto low = static_cast<float>(std::log(params.sigma_min));
  const auto high = static_cast<float>(std::log(params.sigma_max));
  Sigmas sigmas;
  for (const float log_sigma : linspace(high, low, params.steps)) {
    sigmas.push_back(std::exp(log_sigma));
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas polyexponential_sigmas(const PolyexponentialParams& params) {
  require_steps(params.steps);
  require_bounds(params.sigma_min, params.sigma_max);
  const double low = std::log(params.sigma_min);
  const double high = std::log(params.sigma_max);
  Sigmas sigmas;
  for (int i = 0; i < params.steps; ++i) {
    const double left = std::pow(1 - ramp(i, params.steps), params.rho);
    sigmas.push_back(static_cast<float>(std::exp(low + left * (high - low))));
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas laplace_sigmas(const LaplaceParams& params) {
  require_steps(params.steps);
  require(params.sigma_min <= params.sigma_max, Fault::bad_input,
          "sigma_min {} must not be above sigma_max {}", params.sigma_min, params.sigma_max);
  constexpr double kAwayFromZero = 1e-5;
  Sigmas sigmas;
  for (int i = 0; i < params.steps; ++i) {
    const double centred = 0.5 - ramp(i, params.steps);
    const double sign = centred > 0 ? 1 : (centred < 0 ? -1 : 0);
    const double tail = std::log(1 - 2 * std::abs(centred) + kAwayFromZero);
    const double sigma = std::exp(params.mu - params.beta * sign * tail);
    sigmas.push_back(static_cast<float>(std::clamp(sigma, params.sigma_min, params.sigma_max)));
  }
  return sigmas;
}

Sigmas vp_sigmas(const VpParams& params) {
  require_steps(params.steps);
  Sigmas sigmas;
  for (int i = 0; i < params.steps; ++i) {
    const double t = 1 + ramp(i, params.steps) * (params.eps_s - 1);
    const double log_variance = params.beta_d * t * t / 2 + params.beta_min * t;
    sigmas.push_back(static_cast<float>(std::sqrt(std::expm1(log_variance))));
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas beta_sigmas(const ModelSampling& sampling, const BetaSamplingParams& params) {
  require_steps(params.steps);
  require(params.alpha > 0 && params.beta > 0, Fault::bad_input,
          "alpha and beta must be positive, got {} and {}", params.alpha, params.beta);
  const auto last = static_cast<double>(sampling.sigmas.size() - 1);
  Sigmas sigmas;
  double previous = -1;
  for (int i = 0; i < params.steps; ++i) {
    const double p = 1 - static_cast<double>(i) / params.steps;
    const double index = std::nearbyint(beta_quantile(p, params.alpha, params.beta) * last);
    if (index != previous) sigmas.push_back(sampling.sigmas[static_cast<std::size_t>(index)]);
    previous = index;
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas sd_turbo_sigmas(const ModelSampling& sampling, int steps, double denoise) {
  constexpr int kTurboSteps = 10;
  require(steps >= 1 && steps <= kTurboSteps, Fault::bad_input, "steps must lie in 1..{}, got {}",
          kTurboSteps, steps);
  require(denoise >= 0 && denoise <= 1, Fault::bad_input, "denoise must lie in 0..1, got {}",
          denoise);
  const int available = static_cast<int>(kTurboSteps * denoise);
  Sigmas sigmas;
  for (int i = 0; i < std::min(steps, available); ++i) {
    sigmas.push_back(sampling.sigma(static_cast<float>((available - i) * 100 - 1)));
  }
  sigmas.push_back(0);
  return sigmas;
}

Sigmas align_your_steps_sigmas(AlignYourStepsModel model, int steps, double denoise) {
  require_steps(steps);
  require(denoise >= 0 && denoise <= 1, Fault::bad_input, "denoise must lie in 0..1, got {}",
          denoise);
  if (denoise <= 0) return {};
  const std::array<double, 11>& levels = align_levels(model);
  const auto kept = static_cast<std::size_t>(std::nearbyint(steps * denoise)) + 1;
  Sigmas sigmas;
  for (int i = 0; i <= steps; ++i) {
    const double at = static_cast<double>(i) / steps * static_cast<double>(levels.size() - 1);
    const auto low = std::min(static_cast<std::size_t>(at), levels.size() - 2);
    const double weight = at - static_cast<double>(low);
    const double log_sigma =
        std::log(levels[low]) * (1 - weight) + std::log(levels[low + 1]) * weight;
    sigmas.push_back(static_cast<float>(std::exp(log_sigma)));
  }
  sigmas.erase(sigmas.begin(), sigmas.end() - static_cast<std::ptrdiff_t>(kept));
  sigmas.back() = 0;
  return sigmas;
}

}  // namespace sagitta
