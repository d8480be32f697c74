// Convolution of an enlarged picture: a row of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

void upsample_conv2d(const UpsampleConv2dArgs& args, Tensor& out);

}  // namespace sagitta::cpu
