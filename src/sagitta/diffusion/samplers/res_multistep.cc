#include "sagitta/diffusion/samplers/res_multistep.h"

#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <cmath>

namespace sagitta::sampling {
namespace {

// Weights of the newest and of the last prediction in a step of length h, where the last one lies
// `offset` (negative) from the start. A zero step or offset leaves only what is finite.
struct PhiWeights {
  PhiWeights(double h, double offset) {
    const double phi_1 = -std::expm1(-h) / h;
    const double phi_2 = (1 - phi_1) / h;
    const double c_2 = offset / h;
    if (std::isfinite(phi_2 / c_2)) {
      newest = h * (phi_1 - phi_2 / c_2);
      last = h * phi_2 / c_2;
    }
  }

  double newest = 0;
  double last = 0;
};

}  // namespace

Array res_multistep(const SamplerRun& run, Array x, const ResMultistepParams& params) {
  const auto& sigmas = run.sigmas;
  StepNoise noise(run.seed, x.shape());
  Array old;
  float old_down = 0;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const float sigma = sigmas[i];
    auto [denoised, uncond] = run.denoise(x, sigmas[i]);
    report(run, i, x, denoised);
    const auto [down, up] = ancestral_step(sigma, sigmas[i + 1], params.eta);
    // In CFG++ the unguided prediction gives the way, and the guided one is where it starts from.
    Array& guide = params.cfg_pp ? uncond : denoised;
    const double kept = static_cast<double>(down) / sigma;
    if (down == 0 || old.empty()) {
      x = params.cfg_pp ? combine({{kept, x}, {1, denoised}, {-kept, uncond}})
                        : combine({{kept, x}, {1 - kept, denoised}});
    } else {
      if (params.cfg_pp) x = combine({{1, x}, {1, denoised}, {-1, uncond}});
      const double h = half_log_snr(down) - half_log_snr(sigma);
      const PhiWeights weights(h, half_log_snr(sigmas[i - 1]) - half_log_snr(old_down));
      x = combine({{kept, x}, {weights.newest, guide}, {weights.last, old}});
    }
    if (sigmas[i + 1] > 0) x = combine({{1, x}, {up * params.s_noise, noise()}});
    old = std::move(guide);
    old_down = down;
  }
  return x;
}

}  // namespace sagitta::sampling
