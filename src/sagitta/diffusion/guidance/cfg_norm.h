// CFGNorm: brings the channel vector at each position of the guided prediction back to the length
// that it has in the positive one.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct CfgNormParams {
  float strength = 1.0F;
  bool pre_cfg = false;

  static constexpr auto fields() {
    return std::tuple{
        field("strength", &CfgNormParams::strength, {.min = 0, .max = 100, .step = 0.01},
              "Factor of the shortened prediction, or (before CFG) share of the rescaled one."),
        field("pre_cfg", &CfgNormParams::pre_cfg, {},
              "Rescales the guided noise in both directions in place of the CFG formula.")};
  }
};

// After guidance: denoised vectors that have become longer are cut to the length of the positive
// one, and the whole is multiplied by the strength. With pre_cfg: the noise x - prediction gets the
// length of the positive one's in place of the guidance formula, mixed with the plain result by
// strength; of several methods in that place the last holds.
[[nodiscard]] Model with_cfg_norm(Model model, const CfgNormParams& params);

}  // namespace sagitta
