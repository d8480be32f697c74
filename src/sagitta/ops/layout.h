// Ops that move values without arithmetic.
#pragma once

#include "sagitta/core/tensor.h"

namespace sagitta::ops {

// a (..., Ca) and b (..., Cb), equal in all other axes -> (..., Ca + Cb).
[[nodiscard]] Tensor concat_channels(const Tensor& a, const Tensor& b);

}  // namespace sagitta::ops
