// Device code that works element by element. Tensors are dense and in one type, f32 or bf16, unless
// another is named; sums are in f32.
#pragma once

#include "sagitta/core/kernels.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

// out = a x + b y
cudaError_t add_scaled(DType type, float a, const void* x, float b, const void* y, void* out,
                       std::int64_t count, cudaStream_t stream);

cudaError_t apply(DType type, Activation activation, const void* x, void* out, std::int64_t count,
                  cudaStream_t stream);

// Rows of a, then b, side by side.
cudaError_t concat(DType type, const void* a, std::int64_t a_channels, const void* b,
                   std::int64_t b_channels, void* out, std::int64_t rows, cudaStream_t stream);

// out (rows, cols) = value * gelu(gate), the halves of the rows of x (rows, 2 cols).
cudaError_t gate(DType type, const void* x, void* out, std::int64_t rows, std::int64_t cols,
                 cudaStream_t stream);

// What comes after a product: out = activation(x + bias + row_bias) + residual; null ones are left
// out. x may be out. A product may also come as sums in f32 of several parts of its depth.
struct Finish {
  const void* x = nullptr;       // (rows, cols)
  const float* parts = nullptr;  // (part_count, rows, cols), in place of x
  int part_count = 0;
  const float* bias = nullptr;     // (cols)
  const void* row_bias = nullptr;  // (rows / rows_per_sample, cols)
  std::int64_t rows_per_sample = 1;
  const void* residual = nullptr;  // (rows, cols)
  Activation activation = Activation::none;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};
cudaError_t finish_product(DType type, const Finish& args, void* out, cudaStream_t stream);

}  // namespace sagitta::cuda
