// The midpoint method of Karras et al. 2022 (Algorithm 2 with DPM-Solver-2's midpoint): two
// predictions per step, the second at the geometric mean of the sigmas.
#pragma once

#include "sagitta/diffusion/samplers/euler.h"

namespace sagitta::sampling {

[[nodiscard]] Array dpm_2(const SamplerRun& run, Array x);
// The same with fresh noise in each step.
[[nodiscard]] Array dpm_2_ancestral(const SamplerRun& run, Array x,
                                    const EulerAncestralParams& params);

}  // namespace sagitta::sampling
