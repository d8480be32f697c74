// Convolutions with weights in int8: each sample becomes bytes with one scale, inside a frame that
// stands for the padding; oneDNN convolves integers, and the sums become numbers again with all
// that follows. Bands of rows keep the sums in the cache.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// A kernel larger than 1x1 whose weight is in int8.
void conv2d_int8(const Conv2dArgs& args, Tensor& out);

}  // namespace sagitta::cpu
