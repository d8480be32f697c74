// Refined exponential solver, second order multistep (Zhang et al. 2023, arXiv 2308.02157), with
// fresh noise (ancestral) and in CFG++ forms.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

struct ResMultistepParams {
  double eta = 0;  // the ancestral forms have 1
  double s_noise = 1;
  bool cfg_pp = false;
};

[[nodiscard]] Array res_multistep(const SamplerRun& run, Array x, const ResMultistepParams& params);

}  // namespace sagitta::sampling
