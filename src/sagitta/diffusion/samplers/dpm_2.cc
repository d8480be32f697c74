#include "sagitta/diffusion/samplers/dpm_2.h"

#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

namespace sagitta::sampling {
namespace {

// From x at sigma to `next`, given the prediction there.
Array midpoint_step(const SamplerRun& run, const Array& x, const Array& denoised, float sigma,
                    float next) {
  const Array d = direction(x, denoised, sigma);
  if (next == 0) return combine({{1, x}, {-sigma, d}});
  const float middle = sigma_between(sigma, next, 0.5);
  const Array halfway = combine({{1, x}, {middle - sigma, d}});
  const Array denoised_halfway = run.denoise(halfway, middle).denoised;
  return combine({{1, x}, {next - sigma, direction(halfway, denoised_halfway, middle)}});
}

}  // namespace

Array dpm_2(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    x = midpoint_step(run, x, denoised, sigmas[i], sigmas[i + 1]);
  }
  return x;
}

Array dpm_2_ancestral(const SamplerRun& run, Array x, const EulerAncestralParams& params) {
  const auto& sigmas = run.sigmas;
  StepNoise noise(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const auto [down, up] = ancestral_step(sigmas[i], sigmas[i + 1], params.eta);
    x = midpoint_step(run, x, denoised, sigmas[i], down);
    if (down > 0) x = combine({{1, x}, {up * params.s_noise, noise()}});
  }
  return x;
}

}  // namespace sagitta::sampling
