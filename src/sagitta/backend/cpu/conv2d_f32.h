// 2-D convolutions in f32 of any kernel and stride: products of the patches that the kernel sees
// with weights in panels (weights_packed.h). The patches are copied block by block within the
// product.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// How a kernel moves over a picture (B, H, W, C), and where the results go. A result (y, x) sees
// the cells from (y * stride - above, x * stride - left) on, and zeros outside of the picture.
struct Window {
  std::int64_t kernel_h;
  std::int64_t kernel_w;
  std::int64_t stride = 1;
  std::int64_t above = 0;  // rows of zeros
  std::int64_t left = 0;   // columns of zeros
  // Result (y, x) goes to (spread * y + offset_y, spread * x + offset_x) of the output.
  std::int64_t spread = 1;
  std::int64_t offset_y = 0;
  std::int64_t offset_x = 0;
};

// weights: panels of (O, C, kernel_h, kernel_w). The bias, row bias and residual are those of args;
// the residual lies like out.
void conv2d_f32(const Conv2dArgs& args, const Window& window, const float* weights, Tensor& out);

}  // namespace sagitta::cpu
