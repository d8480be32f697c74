// 2-D convolution over NHWC activations, with bias, per-sample bias and residual fused.
#pragma once

#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

namespace sagitta::ops {

struct Conv2dOptions {
  const Weight* bias = nullptr;      // (O)
  const Tensor* row_bias = nullptr;  // (B, O): one value per sample and channel
  const Tensor* residual = nullptr;  // like the result; added last
  int stride = 1;                    // at least 1
  int pad_before = 0;                // zeros above and to the left, at least 0
  int pad_after = 0;                 // zeros below and to the right, at least 0
};

// x (B, H, W, C), weight (O, C, KH, KW) -> (B, H', W', O) with
// H' = (H + pad_before + pad_after - KH) / stride + 1, rounded down, and W' alike.
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor conv2d(const Tensor& x, const Weight& weight,
                            const Conv2dOptions& options = {});

// The 3x3 convolution of x enlarged by nearest neighbour: row y of the enlarged picture is row
// floor(y * H / height) of x, columns alike. x (B, H, W, C), weight (O, C, 3, 3) of use
// upsample_conv, bias (O) or null -> (B, height, width, O). Backends save work where both sizes
// double: each result then sees four cells of x instead of nine.
// Throws Error{bad_input} where shapes, devices or types do not fit, or a size is below 1.
[[nodiscard]] Tensor upsample_conv2d(const Tensor& x, const Weight& weight, std::int64_t height,
                                     std::int64_t width, const Weight* bias = nullptr);

}  // namespace sagitta::ops
