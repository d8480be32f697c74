// Multi-head attention layers of the UNet: projections, hooks, output projection and residual.
#pragma once

#include "sagitta/nn/layers.h"
#include "sagitta/nn/patches.h"

namespace sagitta {

// Which layer is being evaluated, in which pass, with which hooks.
struct AttnContext {
  AttnSite at;
  Grid grid = {};   // of the layer's tokens
  Grid input = {};  // of the network's input
  const Patches& patches;
  const UnetPass& pass;
};

// Attention weights with checkpoint names to_q, to_k, to_v, to_out.0.
struct Attention {
  Attention() = default;
  // width: channels of the queries and of the output; context: channels of keys and values.
  Attention(std::int64_t width, std::int64_t context, int head_count);
  void params(ParamVisitor& visit);

  // x attends to itself, hooks included; returns to_out(...) + residual. x: (B, T, width).
  [[nodiscard]] Tensor self(const Tensor& x, const Tensor& residual, const AttnContext& ctx) const;
  // x attends to context (B, Tk, context width), hooks included.
  [[nodiscard]] Tensor cross(const Tensor& x, const Tensor& context, const Tensor& residual,
                             const AttnContext& ctx) const;

  Linear to_q;
  Linear to_k;
  Linear to_v;
  Linear to_out;
  int heads = 1;

 private:
  [[nodiscard]] Tensor run(const Tensor& x, const Tensor& context, const Tensor& residual,
                           AttnKind kind, const AttnContext& ctx) const;
};

}  // namespace sagitta
