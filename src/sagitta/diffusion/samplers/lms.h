// Linear multistep: Adams-Bashforth over sigma with variable steps, one prediction per step.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

struct LmsParams {
  int order = 4;
  static constexpr auto fields() {
    return std::tuple{field("order", &LmsParams::order, {.min = 1, .max = 100, .step = 0},
                            "How many past steps a step makes use of.")};
  }
};

// order is 1..100 (bad_input otherwise).
[[nodiscard]] Array lms(const SamplerRun& run, Array x, const LmsParams& params);

}  // namespace sagitta::sampling
