// Resizing of pictures with the Lanczos window of three lobes, in 8 bits as Pillow does it.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/image/bytes.h"

namespace sagitta {

// x (B, C, H, W) in 0..1 with 1, 3 or 4 channels; the result's values are multiples of 1/255.
[[nodiscard]] Array resize_lanczos(const Array& x, std::int64_t height, std::int64_t width);

// One picture. The window is widened by the ratio when the picture shrinks. Columns come first, each
// pass with weights of 22 binary places and a result of 8 bits; the fourth channel is an alpha by which
// the others are multiplied meanwhile.
[[nodiscard]] Bytes resize_lanczos(const Bytes& picture, std::int64_t height, std::int64_t width);

}  // namespace sagitta
