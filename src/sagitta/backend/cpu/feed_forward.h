// Feed-forward layers: a row of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

void feed_forward(const FeedForwardArgs& args, Tensor& out);

}  // namespace sagitta::cpu
