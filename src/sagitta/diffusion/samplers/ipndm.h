// Improved pseudo linear multistep (Zhang and Chen 2023, in the form of Zhou et al. 2024):
// Adams-Bashforth of order 4 on the direction, one prediction per step.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

// With the coefficients for equal steps.
[[nodiscard]] Array ipndm(const SamplerRun& run, Array x);
// With coefficients for the steps as they are.
[[nodiscard]] Array ipndm_v(const SamplerRun& run, Array x);

}  // namespace sagitta::sampling
