// Animated WebP, writing only.
#pragma once

#include "sagitta/core/array.h"

#include <cstddef>
#include <vector>

namespace sagitta::io {

struct AnimationParams {
  int milliseconds = 500;  // per frame
  int last_milliseconds = 2000;
  float quality = 90;  // 0..100
};

// Frames (H, W, 3) in 0..1 of one size, repeated for ever. Throws bad_input without frames, for
// unequal sizes and for a side above 16383, which the format cannot hold.
[[nodiscard]] std::vector<std::byte> encode_webp_animation(const std::vector<Array>& frames,
                                                           const AnimationParams& params = {});

}  // namespace sagitta::io
