// Element-wise ops.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::ops {

// a*x + b*y; x and y have the same shape and device. Computed in f32, rounded once.
[[nodiscard]] Tensor axpby(float a, const Tensor& x, float b, const Tensor& y);

// x + y.
[[nodiscard]] Tensor add(const Tensor& x, const Tensor& y);

// The activation of each element; core/kernels.h has the formulas.
[[nodiscard]] Tensor activate(Activation activation, const Tensor& x);

}  // namespace sagitta::ops
