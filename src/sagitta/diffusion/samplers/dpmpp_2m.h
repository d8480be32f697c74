// DPM-Solver++(2M) (Lu et al. 2022): one prediction per step, extrapolated with the previous one;
// and its CFG++ form.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

[[nodiscard]] Array dpmpp_2m(const SamplerRun& run, Array x);
[[nodiscard]] Array dpmpp_2m_cfg_pp(const SamplerRun& run, Array x);

}  // namespace sagitta::sampling
