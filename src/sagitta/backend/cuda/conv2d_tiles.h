// Device code of convolutions in bf16 by the tensor cores: a product of patches and kernel whose
// patches are never written down.
#pragma once

#include "sagitta/backend/cuda/conv2d_shape.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

struct ConvTiles {
  ConvShape shape;                 // channels a multiple of 8
  const void* x = nullptr;         // bf16 (samples, source_height, source_width, channels)
  const void* kernel = nullptr;    // as conv2d_kernels.h packs it
  const float* bias = nullptr;     // (out_channels)
  const void* row_bias = nullptr;  // bf16 (samples, out_channels)
  const void* residual = nullptr;  // bf16, like out
  void* out = nullptr;             // bf16 (samples, out_height, out_width, out_channels)
};

// How a convolution is cut: into tiles of 128 pixels and so many channels, and into parts of its
// depth, where there are too few tiles for all processors.
struct ConvCut {
  int columns = 128;  // 64 or 128
  int parts = 1;
  bool wgmma = false;  // by conv2d_wgmma.h
};
[[nodiscard]] ConvCut cut_conv(const ConvShape& shape, int processors, bool wgmma);

// With one part, the whole. With more, sums of each part without biases and residual, f32 in
// sums (parts, rows, out_channels).
cudaError_t conv2d_tiles(const ConvTiles& args, const ConvCut& cut, float* sums,
                         cudaStream_t stream);

}  // namespace sagitta::cuda
