#include "sagitta/diffusion/samplers/er_sde.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>
#include <cmath>

namespace sagitta::sampling {
namespace {

// How much noise the process keeps at sigma, up to a constant factor.
double noise_scale(double sigma, const ErSdeParams& params) {
  switch (params.solver_type) {
    case ErSdeSolver::reverse_time_sde:
      return std::pow(sigma, params.eta + 1);
    case ErSdeSolver::ode:
      return sigma;
    case ErSdeSolver::er_sde:
      break;
  }
  return sigma * (std::exp(std::pow(sigma, 0.3)) + 10);
}

// The integrals over [to, from] of 1 / noise_scale and (s - from) / noise_scale as left sums over
// as many points as upstream takes, which is part of the result.
struct Integrals {
  Integrals(double from, double to, const ErSdeParams& params) {
    constexpr int kPoints = 200;
    const double width = (from - to) / kPoints;
    for (int point = 0; point < kPoints; ++point) {
      const double sigma = to + point * width;
      const double scale = noise_scale(sigma, params);
      constant += width / scale;
      linear += width * (sigma - from) / scale;
    }
  }

  double constant = 0;
  double linear = 0;
};

}  // namespace

Array er_sde(const SamplerRun& run, Array x, const ErSdeParams& params) {
  require(params.max_stage >= 1 && params.max_stage <= 3, Fault::bad_input,
          "max_stage must lie in 1..3, got {}", params.max_stage);
  const auto& sigmas = run.sigmas;
  const bool stochastic = params.solver_type == ErSdeSolver::er_sde ||
                          (params.solver_type == ErSdeSolver::reverse_time_sde && params.eta > 0);
  StepNoise noise(run.seed, x.shape());
  Array old;
  Array old_slope;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    if (sigmas[i + 1] == 0) {
      x = std::move(denoised);
      continue;
    }
    const double sigma = sigmas[i];
    const double next = sigmas[i + 1];
    const double kept = noise_scale(next, params) / noise_scale(sigma, params);
    x = combine({{kept, x}, {1 - kept, denoised}});
    if (params.max_stage >= 2 && i >= 1) {
      const double step = next - sigma;
      const Integrals integrals(sigma, next, params);
      const double per_sigma = 1 / (sigma - sigmas[i - 1]);
      Array slope = combine({{per_sigma, denoised}, {-per_sigma, old}});
      x = combine({{1, x}, {step + integrals.constant * noise_scale(next, params), slope}});
      if (params.max_stage >= 3 && i >= 2) {
        const double per_half = 2 / (sigma - sigmas[i - 2]);
        const double weight =
            per_half * (step * step / 2 + integrals.linear * noise_scale(next, params));
        x = combine({{1, x}, {weight, slope}, {-weight, old_slope}});
      }
      old_slope = std::move(slope);
    }
    if (stochastic && params.s_noise > 0) {
      const double variance = next * next - sigma * sigma * kept * kept;
      x = combine({{1, x}, {params.s_noise * std::sqrt(std::max(variance, 0.0)), noise()}});
    }
    old = std::move(denoised);
  }
  return x;
}

}  // namespace sagitta::sampling
