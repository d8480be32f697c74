// RescaleCFG (Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps Are Flawed"):
// brings the standard deviation of the guided v-prediction back to that of the positive one, per
// sample, so that high scales do not over-expose.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct RescaleCfgParams {
  float multiplier = 0.7F;

  static constexpr auto fields() {
    return std::tuple{field("multiplier", &RescaleCfgParams::multiplier,
                            {.min = 0, .max = 1, .step = 0.01},
                            "Share of the rescaled prediction; 0 is plain guidance.")};
  }
};

// Takes the place of the guidance formula: of several such methods the last one holds.
[[nodiscard]] Model with_rescale_cfg(Model model, const RescaleCfgParams& params);

}  // namespace sagitta
