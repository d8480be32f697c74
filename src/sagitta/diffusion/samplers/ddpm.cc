#include "sagitta/diffusion/samplers/ddpm.h"

#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <cmath>

namespace sagitta::sampling {

Array ddpm(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  StepNoise noise(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const double sigma = sigmas[i];
    const double next = sigmas[i + 1];
    // The paper's variables keep the variance at 1: they are x divided by sqrt(1 + sigma^2).
    const double alpha_bar = 1 / (sigma * sigma + 1);
    const double next_alpha_bar = 1 / (next * next + 1);
    const double alpha = alpha_bar / next_alpha_bar;
    const double to_paper = std::sqrt(alpha_bar);
    const double from_paper = 1 / std::sqrt(next_alpha_bar);
    const double root = std::sqrt(alpha);
    x = combine({{from_paper * to_paper / root, x},
                 {-from_paper * (1 - alpha) / (root * std::sqrt(1 - alpha_bar)),
                  direction(x, denoised, sigma)}});
    if (next > 0) {
      const double variance = (1 - alpha) * (1 - next_alpha_bar) / (1 - alpha_bar);
      x = combine({{1, x}, {from_paper * std::sqrt(variance), noise()}});
    }
  }
  return x;
}

}  // namespace sagitta::sampling
