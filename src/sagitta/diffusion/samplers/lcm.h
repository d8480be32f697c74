// Latent consistency sampling (Luo et al. 2023): each step jumps to the prediction and noises it
// anew.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

struct LcmParams {
  double s_noise = 1;
  double s_noise_end = 1;
  double noise_clip_std = 0;
  static constexpr auto fields() {
    return std::tuple{field("s_noise", &LcmParams::s_noise, {.max = 64, .step = 0.01},
                            "Factor on the fresh noise of the first step."),
                      field("s_noise_end", &LcmParams::s_noise_end, {.max = 64, .step = 0.01},
                            "Factor on the fresh noise of the last step; linear between."),
                      field("noise_clip_std", &LcmParams::noise_clip_std, {.max = 10, .step = 0.01},
                            "Cuts fresh noise at so many of its standard deviations; 0 does not.")};
  }
};

[[nodiscard]] Array lcm(const SamplerRun& run, Array x, const LcmParams& params);

}  // namespace sagitta::sampling
