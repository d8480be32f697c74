// 3x3 convolutions of stride 1 that keep the size, in f32, by Winograd's F(2x2, 3x3) (Lavin and
// Gray 2015): 16 multiplications for four results where the definition takes 36.
//
// A tile of 2x2 results of one channel sees 4x4 cells d. With a 3x3 kernel g,
//
//   results = A^T [ (G g G^T) * (B^T d B) ] A        (* : value by value)
//
//         [ 1    0    0  ]         [ 1  0 -1  0 ]
//     G = [ 1/2  1/2 1/2 ]   B^T = [ 0  1  1  0 ]   A^T = [ 1  1  1  0 ]
//         [ 1/2 -1/2 1/2 ]         [ 0 -1  1  0 ]         [ 0  1 -1 -1 ]
//         [ 0    0    1  ]         [ 0  1  0 -1 ]
//
// Summed over channels, each of the 16 positions of the product in brackets is a matrix product of
// (tiles, in) by (in, out). The factors are sums of few values, so the error stays near that of the
// definition. A sample does not notice its batch.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// Whether this is such a convolution, and has enough channels.
[[nodiscard]] bool winograd_takes(const Conv2dArgs& args);

// A row of core/kernels.h for the cpu backend, for calls that it takes. Weights lie in panels
// (weights_packed.h) and are transformed block by block: keeping them transformed takes 16/9 of the
// memory, and as long to read where it does not fit into a cache.
void conv2d_winograd(const Conv2dArgs& args, Tensor& out);

}  // namespace sagitta::cpu
