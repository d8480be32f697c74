// Convolutions by the products of Hopper's tensor cores, which read both operands from shared
// memory and run beside the program.
#pragma once

#include "sagitta/backend/cuda/conv2d_tiles.h"

namespace sagitta::cuda {

// Whether this build and a processor of this compute capability have them.
[[nodiscard]] bool has_wgmma(int major, int minor);

// As conv2d_tiles.
cudaError_t conv2d_wgmma(const ConvTiles& args, const ConvCut& cut, float* sums,
                         cudaStream_t stream);

}  // namespace sagitta::cuda
