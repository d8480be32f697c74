// DPM-Solver++(2S) (Lu et al. 2022) with fresh noise in each step: two predictions per step, the
// second halfway in log sigma; and its CFG++ form.
#pragma once

#include "sagitta/diffusion/samplers/euler.h"

namespace sagitta::sampling {

[[nodiscard]] Array dpmpp_2s_ancestral(const SamplerRun& run, Array x,
                                       const EulerAncestralParams& params);
[[nodiscard]] Array dpmpp_2s_ancestral_cfg_pp(const SamplerRun& run, Array x,
                                              const EulerAncestralParams& params);

}  // namespace sagitta::sampling
