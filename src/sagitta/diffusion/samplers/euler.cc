#include "sagitta/diffusion/samplers/euler.h"

#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

namespace sagitta::sampling {

Array euler(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const double step = static_cast<double>(sigmas[i + 1]) - sigmas[i];
    x = combine({{1, x}, {step, direction(x, denoised, sigmas[i])}});
  }
  return x;
}

Array euler_ancestral(const SamplerRun& run, Array x, const EulerAncestralParams& params) {
  const auto& sigmas = run.sigmas;
  StepNoise noise(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const auto [down, up] = ancestral_step(sigmas[i], sigmas[i + 1], params.eta);
    if (down == 0) {
      x = denoised;
      continue;
    }
    x = combine({{1, x},
                 {down - sigmas[i], direction(x, denoised, sigmas[i])},
                 {up * params.s_noise, noise()}});
  }
  return x;
}

Array euler_cfg_pp(const SamplerRun& run, Array x) {
  return euler_ancestral_cfg_pp(run, std::move(x), {.eta = 0});
}

Array euler_cfg_pp_alternative(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const auto [denoised, uncond] = run.denoise(x, sigmas[i]);
    report(run, i, x, denoised);
    const double step = (static_cast<double>(sigmas[i + 1]) - sigmas[i]) / sigmas[i];
    x = combine({{1 + step, x}, {step, uncond}, {-2 * step, denoised}});
  }
  return x;
}

Array euler_ancestral_cfg_pp(const SamplerRun& run, Array x, const EulerAncestralParams& params) {
  const auto& sigmas = run.sigmas;
  StepNoise noise(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const auto [denoised, uncond] = run.denoise(x, sigmas[i]);
    report(run, i, x, denoised);
    if (sigmas[i + 1] == 0) {
      x = denoised;
      continue;
    }
    const auto [down, up] = ancestral_step(sigmas[i], sigmas[i + 1], params.eta);
    x = combine({{1, denoised}, {down, direction(x, uncond, sigmas[i])}});
    if (params.eta > 0 && params.s_noise > 0) x = combine({{1, x}, {up * params.s_noise, noise()}});
  }
  return x;
}

}  // namespace sagitta::sampling
