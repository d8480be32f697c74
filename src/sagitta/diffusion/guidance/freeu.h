// FreeU (Si et al. 2023, "FreeU: Free Lunch in Diffusion U-Net"): in the two coarsest levels of the
// way up, strengthens half of the backbone's channels and weakens the lowest frequencies of the
// skips.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

// b1 and s1 hold where the backbone has 4 times the channels of the first block, b2 and s2 where it
// has twice as many.
struct FreeUParams {
  float b1 = 1.1F;
  float b2 = 1.2F;
  float s1 = 0.9F;
  float s2 = 0.2F;

  static constexpr auto fields() {
    constexpr Range kRange{.min = 0, .max = 10, .step = 0.01};
    return std::tuple{
        field("b1", &FreeUParams::b1, kRange, "Factor of the backbone in the coarsest level."),
        field("b2", &FreeUParams::b2, kRange, "Factor of the backbone in the next level."),
        field("s1", &FreeUParams::s1, kRange, "Factor of the skips in the coarsest level."),
        field("s2", &FreeUParams::s2, kRange, "Factor of the skips in the next level.")};
  }
};
// The second version, with its own defaults: the backbone is strengthened where it is strong.
struct FreeUV2Params : FreeUParams {
  constexpr FreeUV2Params() : FreeUParams{.b1 = 1.3F, .b2 = 1.4F, .s1 = 0.9F, .s2 = 0.2F} {}
};

[[nodiscard]] Model with_freeu(Model model, const FreeUParams& params);
[[nodiscard]] Model with_freeu_v2(Model model, const FreeUV2Params& params);

}  // namespace sagitta
