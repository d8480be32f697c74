// Resizing of host arrays: the methods of the upscale nodes, value for value as PyTorch (and for
// lanczos Pillow) computes them.
#pragma once

#include "sagitta/core/array.h"

#include <string_view>

namespace sagitta {

enum class ResizeMethod {
  nearest_exact,
  bilinear,  // half-pixel centres, no antialiasing
  area,      // mean over the source cells under each target cell
  bicubic,   // a = -0.75, half-pixel centres, no antialiasing
  bislerp,   // (B, C, H, W) only: directions of the channel vectors along the sphere, lengths linearly
  lanczos,   // (B, C, H, W) in 0..1 only, C 1, 3 or 4: antialiased, on pictures of 8 bits
};

// The method of a widget's entry, e.g. "nearest-exact"; throws bad_input for another name.
[[nodiscard]] ResizeMethod resize_method(std::string_view name);

// Each (H, W) plane of an array of any rank >= 2 whose last two axes are rows and columns. Throws
// bad_input for an empty array and for sizes below 1.
[[nodiscard]] Array resize(const Array& x, std::int64_t height, std::int64_t width, ResizeMethod method);

[[nodiscard]] inline Array resize_bilinear(const Array& x, std::int64_t height, std::int64_t width) {
  return resize(x, height, width, ResizeMethod::bilinear);
}

enum class Crop {
  none,    // the aspect ratio changes
  centre,  // first cut around the centre to the aspect ratio of the target
};

// resize() behind the cut.
[[nodiscard]] Array resize(const Array& x, std::int64_t height, std::int64_t width, ResizeMethod method,
                           Crop cut);

}  // namespace sagitta
