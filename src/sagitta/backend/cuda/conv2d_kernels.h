// The kernels of a convolution in the order in which conv2d_block.cuh reads them.
#pragma once

#include "sagitta/backend/cuda/conv2d_shape.h"
#include "sagitta/backend/cuda/transfer.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

// Groups of kColumns output channels, and of each group its steps: kDepth input channels of one tap
// in bf16, taps first, then the next channels. A step has a row for each output channel, of eight
// words of 16 bytes; word w of row r lies at place w ^ (r % 8). What is beyond the channels is
// zero.
struct ConvKernels {
  static constexpr int kColumns = 128;
  static constexpr int kDepth = 64;
  static constexpr int kBytes = kColumns * kDepth * 2;  // of a step
};

constexpr int steps_of(const ConvShape& shape) {
  return (shape.channels + ConvKernels::kDepth - 1) / ConvKernels::kDepth * shape.kernel_h *
         shape.kernel_w;
}

[[nodiscard]] std::int64_t conv_kernels_bytes(const KernelShape& shape);
// From (out, in, taps) as in checkpoints. shape.row does not count.
cudaError_t pack_conv_kernels(const KernelShape& shape, DType from_type, const void* from,
                              float scale, void* to, cudaStream_t stream);

}  // namespace sagitta::cuda
