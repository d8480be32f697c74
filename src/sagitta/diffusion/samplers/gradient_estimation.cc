#include "sagitta/diffusion/samplers/gradient_estimation.h"

#include "sagitta/diffusion/samplers/common.h"

namespace sagitta::sampling {

Array gradient_estimation(const SamplerRun& run, Array x, const GradientEstimationParams& params) {
  const auto& sigmas = run.sigmas;
  Array old;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const auto [denoised, uncond] = run.denoise(x, sigmas[i]);
    report(run, i, x, denoised);
    Array d = direction(x, params.cfg_pp ? uncond : denoised, sigmas[i]);
    if (sigmas[i + 1] == 0) {
      x = denoised;
      continue;
    }
    const double step = static_cast<double>(sigmas[i + 1]) - sigmas[i];
    x = params.cfg_pp ? combine({{1, denoised}, {sigmas[i + 1], d}}) : combine({{1, x}, {step, d}});
    if (!old.empty()) {
      const double extra = (params.gamma - 1) * step;
      x = combine({{1, x}, {extra, d}, {-extra, old}});
    }
    old = std::move(d);
  }
  return x;
}

}  // namespace sagitta::sampling
