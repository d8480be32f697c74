// Device code that changes the type or the order of numbers.
#pragma once

#include "sagitta/core/dtype.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

// Between f32, bf16 and f16, rounding to the nearest.
cudaError_t convert(DType from_type, const void* from, DType to_type, void* to, std::int64_t count,
                    cudaStream_t stream);

// The kernel of a convolution, (out, in, taps) as in checkpoints, to `out` rows of (taps, in) with
// zeros up to `row` elements. A matrix has one tap.
struct KernelShape {
  std::int64_t out = 0;
  std::int64_t in = 0;
  std::int64_t taps = 1;
  std::int64_t row = 0;
};
cudaError_t pack_kernel(const KernelShape& shape, DType from_type, const void* from, float scale,
                        DType to_type, void* to, cudaStream_t stream);

}  // namespace sagitta::cuda
