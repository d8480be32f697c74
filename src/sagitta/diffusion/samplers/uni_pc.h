// UniPC (Zhao et al. 2023): a multistep predictor of up to order 3 whose next prediction also
// corrects the step it was made for, one prediction per step.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

// The function B(h) of the paper: h, or exp(h) - 1.
enum class UniPcVariant { bh1, bh2 };

// A final sigma of 0 is taken as 0.001, where the result lies.
[[nodiscard]] Array uni_pc(const SamplerRun& run, Array x, const UniPcVariant& variant);

}  // namespace sagitta::sampling
