// From the sums of an integer product to the values of the op.
#pragma once

#include "sagitta/backend/cpu/quantize.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/core/kernels.h"

namespace sagitta::cpu {

// The sums of x by one weight, and what they mean.
struct Int8Sums {
  const std::int32_t* sums = nullptr;  // (rows, columns)
  const Int8Columns* weight = nullptr;
  const float* bias = nullptr;  // (columns), or null
};

// out = activation(value) * gelu(gate) * factor + residual in the compute type, where the parts
// that are not null exist. Value and gate are sums in numbers, with their biases.
struct Int8Finish {
  DType type = DType::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const ByteScale* scales = nullptr;  // of x: one for each rows_per_scale rows
  std::int64_t rows_per_scale = 1;
  Int8Sums value;
  Int8Sums gate;
  std::int64_t bias_step = 0;  // from one scale's bias to the next one's, 0 for one bias
  Activation activation = Activation::none;
  const void* factor = nullptr;    // (rows, columns)
  const void* residual = nullptr;  // (rows, columns)
  void* out = nullptr;             // (rows, columns)
};
void finish_int8(const Int8Finish& finish);

}  // namespace sagitta::cpu
