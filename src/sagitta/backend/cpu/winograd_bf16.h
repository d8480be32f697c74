// 3x3 convolutions of stride 1 that keep the size, in bf16 with AMX or AVX512_BF16, by Winograd's
// F(2, 3) along the columns of the picture (Winograd 1980; Lavin and Gray 2015 have it in both
// directions): 12 multiplications for two results where the definition takes 18.
//
// A pair of results of one channel, one above the other, sees four values d of each column. With a
// column g of the kernel,
//
//   results = A^T [ (G g) * (B^T d) ]       (* : value by value)
//
//         [ 1    0    0  ]         [ 1  0 -1  0 ]
//     G = [ 1/2  1/2 1/2 ]   B^T = [ 0  1  1  0 ]   A^T = [ 1  1  1  0 ]
//         [ 1/2 -1/2 1/2 ]         [ 0 -1  1  0 ]         [ 0  1 -1 -1 ]
//         [ 0    0    1  ]         [ 0  1  0 -1 ]
//
// Summed over channels and the three columns of the kernel, each of the four positions of the
// product in brackets is a matrix product. In both directions it would take a third fewer
// multiplications again, but have twice as many values to be transformed, and errors: both factors
// are rounded to bf16. Here that adds 4/3 times the error that the rounding of the operands causes
// in the definition, for independent values (as mean squares). A sample does not notice its batch.
// An infinity may become NaN in the results that see it.
//
// Weights are transformed in every call: kept so, they would take two thirds more memory.
#pragma once

#include "sagitta/backend/cpu/winograd_path.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// Whether this is such a convolution of whole tiles on a processor with these instructions, and the
// picture large enough to transform the weights for it.
[[nodiscard]] bool winograd_bf16_takes(const Conv2dArgs& args);

// A row of core/kernels.h for the cpu backend, for calls that it takes.
void conv2d_winograd_bf16(const Conv2dArgs& args, Tensor& out);

// The same with instructions of choice, which the processor must have.
void conv2d_winograd_bf16_on(const WinogradPath& path, const Conv2dArgs& args, Tensor& out);

}  // namespace sagitta::cpu
