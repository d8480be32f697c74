// Activations as bytes, for products of integers.
#pragma once

#include "sagitta/core/dtype.h"

#include <cstdint>

namespace sagitta::cpu {

// x is about scale * (byte - zero). The least and the greatest value of a set, and 0, are within
// half a scale of what their bytes mean. A set with NaN or an infinity has a scale of NaN and bytes
// of 0; one without values worth mentioning has a scale of 0.
struct ByteScale {
  float scale = 0;
  std::int32_t zero = 0;
};

// The scale for `count` values of this type, f32 or bf16.
[[nodiscard]] ByteScale scale_for(DType type, const void* x, std::int64_t count);

// Each row of `width` values becomes bytes with a scale of its own.
void quantize_rows(DType type, const void* x, std::int64_t rows, std::int64_t width,
                   std::uint8_t* bytes, ByteScale* scales);

// One image (height, width, channels) becomes bytes inside a frame of zeros, which is `before` wide
// above and to the left, and `after` wide below and to the right.
struct Frame {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;

  [[nodiscard]] std::int64_t outer_height() const { return height + before + after; }
  [[nodiscard]] std::int64_t outer_width() const { return width + before + after; }
  [[nodiscard]] std::int64_t bytes() const { return outer_height() * outer_width() * channels; }
};
void quantize_image(DType type, const void* x, const Frame& frame, const ByteScale& scale,
                    std::uint8_t* bytes);

}  // namespace sagitta::cpu
