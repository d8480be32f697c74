// Multi-head attention over token sequences, with the attention each key receives on request.
#pragma once

#include "sagitta/core/tensor.h"

#include <optional>

namespace sagitta::ops {

struct AttentionOptions {
  int heads = 1;                 // divides the channels; head h owns channels [h*D, (h+1)*D)
  std::optional<float> scale{};  // of the logits; 1/sqrt(D) unless given
  bool causal = false;           // query i sees keys 0..i only
};

// softmax(q k^T * scale) v, per sample and head (Vaswani et al. 2017).
// q (B, Tq, heads*D), k and v (B, Tk, heads*D) -> (B, Tq, heads*D).
// Throws Error{bad_input} where shapes, devices or types do not fit.
[[nodiscard]] Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v,
                               const AttentionOptions& options = {});

struct ObservedAttention {
  Tensor out;       // (B, Tq, heads*D)
  Tensor received;  // f32 (B, Tk): the attention each key receives, summed over queries and
                    // averaged over heads, so that each row sums to Tq
};

// As attention(), and the attention that each key receives: Tk numbers per sample, streamed; the
// Tq x Tk matrix is never stored.
[[nodiscard]] ObservedAttention observed_attention(const Tensor& q, const Tensor& k,
                                                   const Tensor& v,
                                                   const AttentionOptions& options = {});

}  // namespace sagitta::ops
