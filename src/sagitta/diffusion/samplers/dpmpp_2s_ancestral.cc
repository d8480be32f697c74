#include "sagitta/diffusion/samplers/dpmpp_2s_ancestral.h"

#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <cmath>

namespace sagitta::sampling {
namespace {

// x with its guided data replaced by the unguided ones before it is scaled, which is what CFG++
// does.
Array for_scaling(const Array& x, const Prediction& prediction, bool cfg_pp) {
  if (!cfg_pp) return x;
  return combine({{1, x}, {1, prediction.denoised}, {-1, prediction.uncond}});
}

Array sample(const SamplerRun& run, Array x, const EulerAncestralParams& params, bool cfg_pp) {
  const auto& sigmas = run.sigmas;
  StepNoise noise(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const float sigma = sigmas[i];
    const Prediction start = run.denoise(x, sigmas[i]);
    report(run, i, x, start.denoised);
    const auto [down, up] = ancestral_step(sigma, sigmas[i + 1], params.eta);
    if (down == 0) {
      x = start.denoised;
    } else {
      const float t = -std::log(sigma);
      const float middle = std::exp(-(t + 0.5F * (-std::log(down) - t)));
      const double half = static_cast<double>(middle) / sigma;  // exp(-h / 2)
      const Array halfway =
          combine({{half, for_scaling(x, start, cfg_pp)}, {1 - half, start.denoised}});
      Prediction inner = run.denoise(halfway, middle);
      const double whole = static_cast<double>(down) / sigma;
      // The unguided prediction is the latest one, the guided one that it is compared with the
      // first.
      const Prediction latest{start.denoised, std::move(inner.uncond)};
      x = combine({{whole, for_scaling(x, latest, cfg_pp)}, {1 - whole, inner.denoised}});
    }
    if (sigmas[i + 1] > 0) x = combine({{1, x}, {up * params.s_noise, noise()}});
  }
  return x;
}

}  // namespace

Array dpmpp_2s_ancestral(const SamplerRun& run, Array x, const EulerAncestralParams& params) {
  return sample(run, std::move(x), params, false);
}

Array dpmpp_2s_ancestral_cfg_pp(const SamplerRun& run, Array x,
                                const EulerAncestralParams& params) {
  return sample(run, std::move(x), params, true);
}

}  // namespace sagitta::sampling
