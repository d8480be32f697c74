// Euler's method with the direction extrapolated from the last step (Permenter and Yuan 2024), and
// its CFG++ form.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

struct GradientEstimationParams {
  double gamma = 2;  // 1 is Euler
  bool cfg_pp = false;
};

[[nodiscard]] Array gradient_estimation(const SamplerRun& run, Array x,
                                        const GradientEstimationParams& params);

}  // namespace sagitta::sampling
