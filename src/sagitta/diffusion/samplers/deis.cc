#include "sagitta/diffusion/samplers/deis.h"

#include "sagitta/diffusion/samplers/common.h"

#include <cmath>
#include <deque>

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

// Weight of direction j (0 is the newest) among the last `order`: the integral of its Lagrange
// polynomial, as a sum over as many points as upstream takes, which is part of the result.
double weight(const VpTime& time, const std::vector<float>& sigmas, std::size_t i, std::size_t j,
              std::size_t order) {
  constexpr int kPoints = 10000;
  const double begin = time.of(sigmas[i]);
  const double end = time.of(sigmas[i + 1]);
  double sum = 0;
  for (int point = 0; point < kPoints; ++point) {
    const double t = begin + (end - begin) * point / (kPoints - 1);
    double product = time.integrand(t);
    for (std::size_t k = 0; k < order; ++k) {
      if (k == j) continue;
      const double other = time.of(sigmas[i - k]);
      product *= (t - other) / (time.of(sigmas[i - j]) - other);
    }
    sum += product;
  }
  return sum * (end - begin) / kPoints;
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
    for (std::size_t j = 0; j < order; ++j) {
      x = combine({{1, x}, {weight(time, sigmas, i, j, order), directions[j]}});
    }
  }
  return x;
}

}  // namespace sagitta::sampling
