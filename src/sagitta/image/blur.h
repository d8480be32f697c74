// Gaussian blur of pictures and what is made of it.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// images (B, H, W, C). The kernel has 2 * radius + 1 taps; sigma is measured in radii: the
// outermost tap lies at 1. Beyond its edges a picture is mirrored, as often as needed. Radius 0: as
// it is.
[[nodiscard]] Array blur_images(const Array& images, std::int64_t radius, double sigma);

// x + 10 * amount * (x - blurred x), clipped to 0..1. Radius 0: as it is.
[[nodiscard]] Array sharpen_images(const Array& images, std::int64_t radius, double sigma,
                                   double amount);

}  // namespace sagitta
