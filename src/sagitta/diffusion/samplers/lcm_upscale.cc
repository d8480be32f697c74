#include "sagitta/diffusion/samplers/lcm_upscale.h"

#include "sagitta/base/rng.h"
#include "sagitta/diffusion/latent_math.h"
#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>
#include <cmath>

namespace sagitta::sampling {
namespace {

// How often the size changes.
std::size_t stages(const LcmUpscaleParams& params, std::size_t sigmas) {
  if (params.scale_steps < 0) return std::max<std::size_t>(sigmas / 2, 1);
  return std::min(static_cast<std::size_t>(params.scale_steps), sigmas);
}

Array resized(const Array& x, const Shape& first, double factor, ResizeMethod method) {
  const std::int64_t height = std::llrint(static_cast<double>(first[2]) * factor);
  const std::int64_t width = std::llrint(static_cast<double>(first[3]) * factor);
  require_latent_size({first[0], first[1], height, width}, "a latent");
  return resize(x, height, width, method);
}

}  // namespace

Array lcm_upscale(const SamplerRun& run, Array x, const LcmUpscaleParams& params) {
  const auto& sigmas = run.sigmas;
  const Shape first = x.shape();
  const std::size_t count = stages(params, sigmas.size());
  const double rise =
      (params.scale_ratio - 1) / static_cast<double>(std::max<std::size_t>(count, 1));
  TorchRng own(run.seed);
  TorchRng& noise = run.generator != nullptr ? *run.generator : own;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    x = std::move(denoised);
    if (i < count) {
      const double factor =
          i + 1 == count ? params.scale_ratio : 1 + static_cast<double>(i + 1) * rise;
      x = resized(x, first, factor, params.method);
    }
    if (sigmas[i + 1] == 0) continue;
    Array fresh(x.shape());
    noise.randn(fresh.values());
    x += fresh * sigmas[i + 1];
  }
  return x;
}

}  // namespace sagitta::sampling
