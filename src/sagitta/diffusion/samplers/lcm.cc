#include "sagitta/diffusion/samplers/lcm.h"

#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>
#include <cmath>

namespace sagitta::sampling {
namespace {

// Cuts the values at `limit` of their own standard deviations (unbiased).
void clip(Array& noise, double limit) {
  const auto count = static_cast<double>(noise.size());
  if (count < 2) return;
  double mean = 0;
  for (const float value : noise.values()) mean += value / count;
  double variance = 0;
  for (const float value : noise.values())
    variance += (value - mean) * (value - mean) / (count - 1);
  const auto bound = static_cast<float>(limit * std::sqrt(variance));
  for (float& value : noise.values()) value = std::clamp(value, -bound, bound);
}

}  // namespace

Array lcm(const SamplerRun& run, Array x, const LcmParams& params) {
  const auto& sigmas = run.sigmas;
  StepNoise fresh(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    x = std::move(denoised);
    if (sigmas[i + 1] == 0) continue;
    Array noise = fresh();
    if (params.noise_clip_std > 0) clip(noise, params.noise_clip_std);
    const double last = std::max(static_cast<double>(sigmas.size()) - 2, 1.0);
    const double way = static_cast<double>(i) / last;
    noise *= static_cast<float>(params.s_noise + (params.s_noise_end - params.s_noise) * way);
    x = run.model_sampling.noise_scaling(sigmas[i + 1], noise, x);
  }
  return x;
}

}  // namespace sagitta::sampling
