// Matrix products with a weight over the last axis, with what follows them fused.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

namespace sagitta::ops {

struct LinearOptions {
  const Weight* bias = nullptr;      // (N)
  const Tensor* residual = nullptr;  // (..., N); added after the activation
  Activation activation = Activation::none;
};

// activation(x weight^T + bias) + residual. x (..., K), weight (N, K) -> (..., N).
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor linear(const Tensor& x, const Weight& weight,
                            const LinearOptions& options = {});

struct GegluOptions {
  const Weight* bias = nullptr;  // (2N)
};

// GEGLU (Shazeer 2020): value * gelu(gate), where value and gate are the first and second half of
// x weight^T + bias. x (..., K), a geglu weight (2N, K) -> (..., N).
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor linear_geglu(const Tensor& x, const Weight& weight,
                                  const GegluOptions& options = {});

struct FeedForwardOptions {
  const Weight* gated_bias = nullptr;  // (2M)
  const Weight* bias = nullptr;        // (N)
  const Tensor* residual = nullptr;    // (..., N)
};

// linear(linear_geglu(x, gated), weight) in one, since the M values between the two are often four
// times as many as x has. x (..., K), a geglu weight (2M, K), weight (N, M) -> (..., N).
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor feed_forward(const Tensor& x, const Weight& gated, const Weight& weight,
                                  const FeedForwardOptions& options = {});

}  // namespace sagitta::ops
