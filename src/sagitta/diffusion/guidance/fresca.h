// FreSca (Huang et al. 2025, "FreSca: Scaling in Frequency Space Enhances Diffusion Models"):
// scales low and high frequencies of the guidance difference cond - uncond apart.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct FreScaParams {
  float scale_low = 1.0F;
  float scale_high = 1.25F;
  int freq_cutoff = 20;

  static constexpr auto fields() {
    return std::tuple{
        field("scale_low", &FreScaParams::scale_low, {.min = 0, .max = 10, .step = 0.01},
              "Factor of the low frequencies."),
        field("scale_high", &FreScaParams::scale_high, {.min = 0, .max = 10, .step = 0.01},
              "Factor of the high frequencies."),
        field("freq_cutoff", &FreScaParams::freq_cutoff, {.min = 1, .max = 10000, .step = 1},
              "How many frequencies around zero, in latent cells, count as low.")};
  }
};

// Without a negative prediction (CFG scale 1) nothing is changed.
[[nodiscard]] Model with_fresca(Model model, const FreScaParams& params);

}  // namespace sagitta
