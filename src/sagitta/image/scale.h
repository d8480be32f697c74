// Pictures and masks of another size, and the sizes that the scaling nodes ask for.
#pragma once

#include "sagitta/image/resize.h"

#include <optional>

namespace sagitta {

struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;

  bool operator==(const Size&) const = default;
};

// Of images (B, H, W, C) or masks (B, H, W).
[[nodiscard]] Size size_of(const Array& x);

// Images (B, H, W, C) or masks (B, H, W). Throws bad_input for sides below 1 and for results beyond
// kMostValues.
[[nodiscard]] Array scale(const Array& x, const Size& size, ResizeMethod method,
                          Crop cut = Crop::none);

// The size itself, but a side of 0 follows the other one. Nothing where both are 0: as it is.
[[nodiscard]] std::optional<Size> fill_in_sides(const Size& have, const Size& wanted);

// Both sides times the factor, to whole numbers.
[[nodiscard]] Size scaled_by(const Size& have, double factor);

// The aspect ratio at about so many pixels, in multiples of `step`.
[[nodiscard]] Size of_total_pixels(const Size& have, double pixels, std::int64_t step);

// The aspect ratio where the longer (or the shorter) side has the given length.
[[nodiscard]] Size of_longer_side(const Size& have, std::int64_t length);
[[nodiscard]] Size of_shorter_side(const Size& have, std::int64_t length);

// Scaled so that it just covers the largest multiples that fit into it, and cut to these around the
// centre. What is smaller than `multiple`, or fits already, stays as it is.
[[nodiscard]] Array scale_to_multiple(const Array& x, std::int64_t multiple, ResizeMethod method);

}  // namespace sagitta
