// Resizing of host arrays.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// Bilinear with half-pixel centres, no antialiasing: each (H, W) plane of an array of any rank >= 2
// whose last two axes are rows and columns.
[[nodiscard]] Array resize_bilinear(const Array& x, std::int64_t height, std::int64_t width);

}  // namespace sagitta
