// Ancestral sampling as in Ho et al. 2020, between any two noise levels.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

[[nodiscard]] Array ddpm(const SamplerRun& run, Array x);

}  // namespace sagitta::sampling
