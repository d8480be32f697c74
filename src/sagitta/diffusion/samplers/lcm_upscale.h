// Latent consistency sampling that enlarges the latent on its way.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"
#include "sagitta/image/resize.h"

#include <tuple>

namespace sagitta::sampling {

struct LcmUpscaleParams {
  double scale_ratio = 1;
  int scale_steps = -1;
  ResizeMethod method = ResizeMethod::bislerp;
  static constexpr auto fields() {
    return std::tuple{
        field("scale_ratio", &LcmUpscaleParams::scale_ratio, {.min = 0.1, .max = 20, .step = 0.01},
              "Size of the result, as a multiple of the latent's."),
        field("scale_steps", &LcmUpscaleParams::scale_steps, {.min = -1, .max = 1000, .step = 1},
              "Over how many steps the size changes; -1: the first half of the run.")};
  }
};

// After each of its first `scale_steps` steps the prediction is resized, by factors that rise
// linearly to scale_ratio. Fresh noise goes on where the initial one ended. Works for latents
// without masks; throws bad_input where a side would have no size.
[[nodiscard]] Array lcm_upscale(const SamplerRun& run, Array x, const LcmUpscaleParams& params);

}  // namespace sagitta::sampling
