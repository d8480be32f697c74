// Device code that lays out what each pixel of a convolution reads, so that a product of matrices
// can do the rest. For types and numbers of channels that conv2d_tiles.h does not take.
#pragma once

#include "sagitta/backend/cuda/conv2d_shape.h"
#include "sagitta/core/dtype.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

// Rows [first, first + count) of the patches: (taps, channels) each, zeros up to `stride` elements.
cudaError_t lay_patches(DType type, const ConvShape& shape, const void* x, std::int64_t first,
                        std::int64_t count, std::int64_t stride, void* out, cudaStream_t stream);

}  // namespace sagitta::cuda
