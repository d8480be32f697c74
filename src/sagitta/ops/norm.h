// Normalisations. Statistics are computed in f32 or better whatever the compute type.
#pragma once

#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

namespace sagitta::ops {

struct GroupNormOptions {
  int groups = 32;  // divides the channels
  float eps = 1e-5F;
  bool silu = false;  // apply x * sigmoid(x) to the result
};

// Group normalisation (Wu and He 2018): each sample's channels are normalised in `groups` runs of
// neighbours, over all positions; then gamma (C) and beta (C). x (B, H, W, C) -> the same shape.
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor group_norm(const Tensor& x, const Weight& gamma, const Weight& beta,
                                const GroupNormOptions& options = {});

struct LayerNormOptions {
  float eps = 1e-5F;
};

// Layer normalisation (Ba et al. 2016) over the last axis; then gamma (C) and beta (C).
// x (..., C) -> the same shape.
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor layer_norm(const Tensor& x, const Weight& gamma, const Weight& beta,
                                const LayerNormOptions& options = {});

}  // namespace sagitta::ops
