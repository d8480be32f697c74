// Adaptive Projected Guidance (Sadat et al. 2024, "Eliminating Oversaturation and Artifacts of High
// Guidance Scales"): limits the guidance vector cond - uncond, weakens its part along the positive
// prediction, and may carry a running average from step to step.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct ApgParams {
  float eta = 1.0F;
  float norm_threshold = 5.0F;
  float momentum = 0.0F;

  static constexpr auto fields() {
    return std::tuple{
        field("eta", &ApgParams::eta, {.min = -10, .max = 10, .step = 0.01},
              "Factor of the guidance along the positive prediction; 1 keeps all of it."),
        field("norm_threshold", &ApgParams::norm_threshold, {.min = 0, .max = 50, .step = 0.1},
              "Largest norm of the guidance vector of a sample; 0 means no limit."),
        field("momentum", &ApgParams::momentum, {.min = -5, .max = 1, .step = 0.01},
              "Share of the earlier steps' guidance that is added; negative values dampen.")};
  }
};

// The average starts anew where sigma rises, and with each run. At CFG scale 0 nothing is changed.
[[nodiscard]] Model with_apg(Model model, const ApgParams& params);

}  // namespace sagitta
