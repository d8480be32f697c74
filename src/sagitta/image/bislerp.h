// Resizing of latents along the sphere.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// x (B, C, H, W): first along rows, then along columns, every cell between two neighbours is the
// spherical interpolation of their channel vectors' directions times the linear one of their
// lengths. Directions less than 0.26 degrees apart keep the first vector; opposite ones are blended
// linearly; a zero vector has the direction zero.
[[nodiscard]] Array resize_bislerp(const Array& x, std::int64_t height, std::int64_t width);

}  // namespace sagitta
