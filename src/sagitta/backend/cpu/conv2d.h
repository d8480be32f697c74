// 2-D convolution: a row of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

void conv2d(const Conv2dArgs& args, Tensor& out);

}  // namespace sagitta::cpu
