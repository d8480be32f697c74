#include "sagitta/diffusion/samplers/dpmpp_sde.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/samplers/common.h"
#include "sagitta/diffusion/samplers/sde_noise.h"

namespace sagitta::sampling {

Array dpmpp_sde(const SamplerRun& run, Array x, const DpmppSdeParams& params) {
  require(params.r > 0, Fault::bad_input, "r must be positive, got {}", params.r);
  const auto& sigmas = run.sigmas;
  const bool stochastic = params.eta > 0 && params.s_noise > 0;
  const double share = 1 / (2 * params.r);  // of the second prediction
  const SdeNoise noise(run, x.shape());

  // A first-order step from `from` to `to`, given the data that x tends to.
  const auto step = [&](const Array& from, const Array& data, float sigma, float to) {
    const auto [down, up] = ancestral_step(sigma, to, params.eta);
    const double kept = static_cast<double>(down) / sigma;
    if (!stochastic) return combine({{kept, from}, {1 - kept, data}});
    return combine({{kept, from}, {1 - kept, data}, {up * params.s_noise, noise(sigma, to)}});
  };

  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const float sigma = sigmas[i];
    const float next = sigmas[i + 1];
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    if (next == 0) {
      x = denoised;
      continue;
    }
    const float middle = sigma_between(sigma, next, params.r);
    const Array halfway = step(x, denoised, sigma, middle);
    const Array inner = run.denoise(halfway, middle).denoised;
    x = step(x, combine({{1 - share, denoised}, {share, inner}}), sigma, next);
  }
  return x;
}

}  // namespace sagitta::sampling
