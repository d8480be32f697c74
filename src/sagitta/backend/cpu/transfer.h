// Host values to tensors and back: rows of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// out may be f32, bf16, f16 or f64 (Error{internal} otherwise); values round to nearest even.
void upload(const float* host, Tensor& out);
// x may have any dtype.
void download(const Tensor& x, float* host);

}  // namespace sagitta::cpu
