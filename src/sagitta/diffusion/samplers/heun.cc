#include "sagitta/diffusion/samplers/heun.h"

#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>

namespace sagitta::sampling {

Array heun(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const Array d = direction(x, denoised, sigmas[i]);
    const double step = static_cast<double>(sigmas[i + 1]) - sigmas[i];
    const Array ahead = combine({{1, x}, {step, d}});
    if (sigmas[i + 1] == 0) {
      x = ahead;
      continue;
    }
    const Array denoised_ahead = run.denoise(ahead, sigmas[i + 1]).denoised;
    const Array d_ahead = direction(ahead, denoised_ahead, sigmas[i + 1]);
    x = combine({{1, x}, {step / 2, d}, {step / 2, d_ahead}});
  }
  return x;
}

Array heunpp2(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const Array d = direction(x, denoised, sigmas[i]);
    const double step = static_cast<double>(sigmas[i + 1]) - sigmas[i];
    const Array ahead = combine({{1, x}, {step, d}});
    if (i + 2 == sigmas.size() || sigmas[i + 1] == sigmas.back()) {
      x = ahead;
      continue;
    }
    const Array d_ahead =
        direction(ahead, run.denoise(ahead, sigmas[i + 1]).denoised, sigmas[i + 1]);
    if (sigmas[i + 2] == sigmas.back()) {
      const double weight = sigmas[i + 1] / (2.0 * sigmas[0]);
      x = combine({{1, x}, {step * (1 - weight), d}, {step * weight, d_ahead}});
      continue;
    }
    const double second_step = static_cast<double>(sigmas[i + 2]) - sigmas[i + 1];
    const Array further = combine({{1, ahead}, {second_step, d_ahead}});
    const Array d_further =
        direction(further, run.denoise(further, sigmas[i + 2]).denoised, sigmas[i + 2]);
    const double weight = sigmas[i + 1] / (3.0 * sigmas[0]);
    const double weight_further = sigmas[i + 2] / (3.0 * sigmas[0]);
    x = combine({{1, x},
                 {step * (1 - weight - weight_further), d},
                 {step * weight, d_ahead},
                 {step * weight_further, d_further}});
  }
  return x;
}

int heunpp2_calls(std::span<const float> sigmas) {
  int calls = 0;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    if (i + 2 == sigmas.size() || sigmas[i + 1] == sigmas.back()) {
      calls += 1;
    } else {
      calls += sigmas[i + 2] == sigmas.back() ? 2 : 3;
    }
  }
  return calls;
}

}  // namespace sagitta::sampling
