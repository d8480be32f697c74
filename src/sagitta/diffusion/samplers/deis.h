// DEIS (Zhang and Chen 2023): Adams-Bashforth of order 3 in the time of the variance-preserving
// process, with coefficients from a numerical integral (the tabulated form).
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

[[nodiscard]] Array deis(const SamplerRun& run, Array x);

}  // namespace sagitta::sampling
