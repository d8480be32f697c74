// The layers of which the networks are built: weights with an expected shape and a const call.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"
#include "sagitta/nn/params.h"

#include <optional>

namespace sagitta {

struct LinearCall {
  const Tensor* residual = nullptr;  // (..., out), added after the activation
  Activation activation = Activation::none;
};

// y = activation(x W^T + b) + residual. Also every 1x1 convolution: in NHWC they are the same, and
// a checkpoint may store either (out, in) or (out, in, 1, 1).
struct Linear {
  Linear() = default;
  Linear(std::int64_t in, std::int64_t out, bool with_bias = true);
  Tensor operator()(const Tensor& x, const LinearCall& call = {}) const;  // (..., in) -> (..., out)
  void params(ParamVisitor& visit);

  Param weight;
  std::optional<Param> bias;
};

// A transformer's feed-forward layer with GEGLU, added to `residual`. All are (..., width).
struct FeedForward {
  FeedForward() = default;
  FeedForward(std::int64_t width, std::int64_t inner);
  Tensor operator()(const Tensor& x, const Tensor& residual) const;
  void params(ParamVisitor& visit);

  Param gated;
  Param gated_bias;
  Linear out;
};

struct ConvCall {
  const Tensor* row_bias = nullptr;  // (B, out)
  const Tensor* residual = nullptr;  // like the output
};

// 3x3 convolution on (B, H, W, in). Stride 1 keeps the size. Stride 2 halves it, rounding up with
// padding on all sides, or (asymmetric) with padding below and to the right only, as autoencoders
// do.
struct Conv3x3 {
  enum class Kind { same, halve, halve_asymmetric };

  Conv3x3() = default;
  Conv3x3(std::int64_t in, std::int64_t out, Kind how = Kind::same, bool with_bias = true);
  Tensor operator()(const Tensor& x, const ConvCall& call = {}) const;
  void params(ParamVisitor& visit);

  Param weight;
  std::optional<Param> bias;
  Kind kind = Kind::same;
};

// Enlarges by nearest neighbour and convolves 3x3. (B, H, W, channels) -> (B, height, width,
// channels).
struct UpsampleConv {
  explicit UpsampleConv(std::int64_t channels, bool with_bias = true);
  Tensor operator()(const Tensor& x, std::int64_t height, std::int64_t width) const;
  void params(ParamVisitor& visit);

  Param weight;
  std::optional<Param> bias;
};

// 32 groups over (B, H, W, channels), optionally followed by SiLU.
struct GroupNorm {
  GroupNorm() = default;
  GroupNorm(std::int64_t channels, float epsilon);
  Tensor operator()(const Tensor& x, bool silu) const;
  void params(ParamVisitor& visit);

  Param weight;
  Param bias;
  float eps = 1e-5F;
};

// Over the last axis.
struct LayerNorm {
  LayerNorm() = default;
  explicit LayerNorm(std::int64_t width);
  Tensor operator()(const Tensor& x) const;
  void params(ParamVisitor& visit);

  Param weight;
  Param bias;
};

}  // namespace sagitta
