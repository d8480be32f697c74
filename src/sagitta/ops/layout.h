// Ops that move values without arithmetic: resizing and joining.
#pragma once

#include "sagitta/core/tensor.h"

#include <cstdint>

namespace sagitta::ops {

// Nearest neighbour: result row y is source row floor(y * H / height), columns alike.
// x (B, H, W, C) -> (B, height, width, C); both sizes at least 1.
[[nodiscard]] Tensor resize_nearest(const Tensor& x, std::int64_t height, std::int64_t width);

// a (..., Ca) and b (..., Cb), equal in all other axes -> (..., Ca + Cb).
[[nodiscard]] Tensor concat_channels(const Tensor& a, const Tensor& b);

}  // namespace sagitta::ops
