// Epsilon Scaling (Ning et al. 2023, "Elucidating the Exposure Bias in Diffusion Models"): the
// noise x - denoised of the guided prediction is divided by a factor slightly above 1.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct EpsilonScalingParams {
  float scaling_factor = 1.005F;

  static constexpr auto fields() {
    return std::tuple{field("scaling_factor", &EpsilonScalingParams::scaling_factor,
                            {.min = 0.5, .max = 1.5, .step = 0.001},
                            "Divisor of the predicted noise.")};
  }
};

[[nodiscard]] Model with_epsilon_scaling(Model model, const EpsilonScalingParams& params);

}  // namespace sagitta
