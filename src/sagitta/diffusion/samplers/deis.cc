#include "sagitta/diffusion/samplers/deis.h"

#include "sagitta/diffusion/samplers/common.h"

#include <cmath>
#include <deque>
#include <vector>

namespace sagitta::sampling {
namespace {

constexpr std::size_t kOrder = 3;

// The variance-preserving process with rate beta_min + beta_d t, fitted so that time 1 has sigma 80
// and time 0.001 has sigma 0.002.
struct VpTime {
  VpTime() {
    constexpr double kEpsilon = 1e-3;
    const double low = std::log1p(0.002 * 0.002);
    const double high = std::log1p(80.0 * 80.0);
    beta_d = 2 * (low / kEpsilon - high) / (kEpsilon - 1);
    beta_min = high - beta_d / 2;
  }

  [[nodiscard]] double of(double sigma) const {
    return (std::sqrt(beta_min * beta_min + 2 * beta_d * std::log1p(sigma * sigma)) - beta_min) /
           beta_d;
  }

  // d(sigma) per direction at time t: -(1/2) (d ln alpha / dt) / sqrt(alpha (1 - alpha)).
  [[nodiscard]] double integrand(double t) const {
    const double log_alpha = -0.5 * t * t * beta_d - t * beta_min;
    const double slope = -(t * beta_d + beta_min);
    return -0.5 * slope / std::sqrt(std::exp(log_alpha) * -std::expm1(log_alpha));
  }

  double beta_d;
  double beta_min;
};

// Weights of the last `order` directions, the newest first, for a step from `begin` to `end`: the
// integrals of their Lagrange polynomials over the times `at`, as sums over as many points as
// upstream takes, which is part of the result.
std::vector<double> weights_for(const VpTime& time, double begin, double end,
                                const std::vector<double>& at) {
  constexpr int kPoints = 10000;
  std::vector<double> weights(at.size());
  for (int point = 0; point < kPoints; ++point) {
    const double t = begin + (end - begin) * point / (kPoints - 1);
    const double integrand = time.integrand(t) * (end - begin) / kPoints;
    for (std::size_t j = 0; j < at.size(); ++j) {
      double product = integrand;
      for (std::size_t k = 0; k < at.size(); ++k) {
        if (k != j) product *= (t - at[k]) / (at[j] - at[k]);
      }
      weights[j] += product;
    }
  }
  return weights;
}

}  // namespace

Array deis(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  const VpTime time;
  std::deque<Array> directions;  // the newest first
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    directions.push_front(direction(x, denoised, sigmas[i]));
    if (directions.size() > kOrder) directions.pop_back();
    const std::size_t order = directions.size();
    if (sigmas[i + 1] <= 0 || order == 1) {
      const double step = static_cast<double>(sigmas[i + 1]) - sigmas[i];
      x = combine({{1, x}, {step, directions.front()}});
      continue;
    }
    std::vector<double> at;
    for (std::size_t j = 0; j < order; ++j) at.push_back(time.of(sigmas[i - j]));
    const std::vector<double> weights = weights_for(time, at[0], time.of(sigmas[i + 1]), at);
    for (std::size_t j = 0; j < order; ++j) x = combine({{1, x}, {weights[j], directions[j]}});
  }
  return x;
}

}  // namespace sagitta::sampling
