// Copies what a convolution sees into rows, so that a matrix product can do the rest.
#pragma once

#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// The pixel of x (B, H, W, C) that each pixel of out sees through a 1x1 kernel; zeros where that is
// padding. to: (B * H' * W', C) in the type of x.
void gather_pixels(const Tensor& x, int stride, int pad_before, const Tensor& out, void* to);

}  // namespace sagitta::cpu
