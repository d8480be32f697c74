// Deep Shrink (kohya-ss 2023, PatchModelAddDownscale): early in the schedule the UNet works on a
// smaller feature map from some block on, so that large pictures get one composition, not several.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/image/resize.h"

namespace sagitta {

struct DeepShrinkParams {
  int block_number = 3;
  float downscale_factor = 2.0F;
  float start_percent = 0.0F;
  float end_percent = 0.35F;
  bool downscale_after_skip = true;
  ResizeMethod downscale_method = ResizeMethod::bicubic;
  ResizeMethod upscale_method = ResizeMethod::bicubic;

  // The methods are choices, which the node states.
  static constexpr auto fields() {
    return std::tuple{
        field("block_number", &DeepShrinkParams::block_number, {.min = 1, .max = 32, .step = 1},
              "The input block behind which the feature map shrinks."),
        field("downscale_factor", &DeepShrinkParams::downscale_factor,
              {.min = 0.1, .max = 9, .step = 0.001}, "By how much it shrinks."),
        field("start_percent", &DeepShrinkParams::start_percent,
              {.min = 0, .max = 1, .step = 0.001}, "Part of the schedule at which it begins."),
        field("end_percent", &DeepShrinkParams::end_percent, {.min = 0, .max = 1, .step = 0.001},
              "Part of the schedule at which it ends."),
        field("downscale_after_skip", &DeepShrinkParams::downscale_after_skip, {},
              "The skip connection of the block keeps the full size.")};
  }
};

// On the way up the feature map grows back where it meets a skip of another size.
[[nodiscard]] Model with_deep_shrink(Model model, const DeepShrinkParams& params);

}  // namespace sagitta
