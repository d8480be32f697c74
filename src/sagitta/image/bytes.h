// Pictures of 8 bits: what upstream hands to Pillow and takes back.
#pragma once

#include "sagitta/core/array.h"

#include <cstdint>
#include <vector>

namespace sagitta {

// One picture, rows of pixels of 1 to 4 channels.
struct Bytes {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<std::uint8_t> values;
};

// Picture `item` of images (B, H, W, C): 255 times the value, clipped and cut to a whole number.
[[nodiscard]] Bytes to_picture(const Array& images, std::int64_t item);

// Pictures of one size as (B, H, W, C) in 0..1.
[[nodiscard]] Array from_pictures(const std::vector<Bytes>& pictures);

}  // namespace sagitta
