// Normalisations: rows of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// Reads x twice and writes out once. The result does not depend on the number of threads.
void group_norm(const GroupNormArgs& args, Tensor& out);
// Reads x once from memory.
void layer_norm(const LayerNormArgs& args, Tensor& out);

}  // namespace sagitta::cpu
