// Weights as the CUDA backend's kernels want them, in device memory.
#pragma once

#include "sagitta/backend/cuda/context.h"
#include "sagitta/core/weight.h"

#include <cstdint>

namespace sagitta::cuda {

// A matrix (out, in) or the kernel of a convolution (out, taps, in), in the compute type.
struct PackedKernel {
  Block values;
  std::int64_t row = 0;  // elements from one row to the next, a multiple of 8 for convolutions
  bool tiled = false;    // instead of rows, what conv2d_kernels.h says
};

// A vector in f32 and, behind it, in the compute type if that is another: cuBLASLt wants biases so.
struct PackedVector {
  Block values;
  std::size_t in_compute_type = 0;  // bytes up to it
};

[[nodiscard]] const PackedKernel& kernel_of(const Weight& weight);

// The values of a vector weight, or null where there is none.
[[nodiscard]] const float* vector_of(const Weight* weight);
[[nodiscard]] const void* vector_in_compute_type(const Weight* weight);

}  // namespace sagitta::cuda
