// Heun's method: Euler's step, corrected with the direction at its end.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

namespace sagitta::sampling {

[[nodiscard]] Array heun(const SamplerRun& run, Array x);

// Looks one step further ahead and weights the directions by their sigmas: three predictions in
// most steps, two in the last but one, one in the last.
[[nodiscard]] Array heunpp2(const SamplerRun& run, Array x);
[[nodiscard]] int heunpp2_calls(std::span<const float> sigmas);

}  // namespace sagitta::sampling
