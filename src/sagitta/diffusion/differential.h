// Differential Diffusion (Levin and Fried 2023): a painted noise mask says when a cell may begin to
// change. At each step the cells take part whose mask has reached the part of the run that is left.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

#include <tuple>

namespace sagitta {

struct DifferentialParams {
  float strength = 1;
  static constexpr auto fields() {
    return std::tuple{field("strength", &DifferentialParams::strength, {.max = 1, .step = 0.01},
                            "Below 1 the mask as it was painted shows through; 0 counts as 1.")};
  }
};

// Replaces what the model did with noise masks. The part left is measured in timesteps, from the first
// sigma of the run to its last, or to the smallest the model knows.
[[nodiscard]] Model with_differential_diffusion(Model model, const DifferentialParams& params);

}  // namespace sagitta
