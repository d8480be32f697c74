// Drawing into pictures: an image (H, W, 3) in 0..1. What lies outside of it is not drawn.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta::draw {

struct Color {
  float red = 0;
  float green = 0;
  float blue = 0;
};

// 0x3366CC as in web pages.
[[nodiscard]] constexpr Color rgb(unsigned hex) {
  return {.red = static_cast<float>(hex >> 16U & 0xFFU) / 255,
          .green = static_cast<float>(hex >> 8U & 0xFFU) / 255,
          .blue = static_cast<float>(hex & 0xFFU) / 255};
}

// In pixels, from the upper left corner.
struct Point {
  std::int64_t x = 0;
  std::int64_t y = 0;
};

struct Size {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool operator==(const Size&) const = default;
};

// An image of one colour. Throws bad_input for a side below 1.
[[nodiscard]] Array blank(const Size& size, const Color& color);

[[nodiscard]] Size size_of(const Array& image);

void fill(Array& image, const Point& corner, const Size& size, const Color& color);

// Puts a picture (H, W, 3), or a batch of one, with its upper left corner at `corner`.
void paste(Array& image, const Array& picture, const Point& corner);

// The pictures of a batch (B, H, W, 3) as one image, in rows that make it about square, `gap`
// pixels of that colour between them. A single picture, also as (H, W, 3), stays as it is.
[[nodiscard]] Array tile(const Array& pictures, std::int64_t gap, const Color& color);

}  // namespace sagitta::draw
