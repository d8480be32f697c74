// The building blocks of the UNet: residual block, spatial transformer, down- and upsampling.
#pragma once

#include "sagitta/nn/attention.h"
#include "sagitta/nn/layers.h"

#include <optional>
#include <vector>

namespace sagitta::models {

// GroupNorm, SiLU, 3x3 conv, plus the time embedding; the same again; plus the (projected) input.
struct ResBlock {
  ResBlock() = default;
  ResBlock(std::int64_t in, std::int64_t out, std::int64_t embedding);
  // x: (B, H, W, in); emb: (B, embedding), SiLU already applied. Returns (B, H, W, out).
  Tensor operator()(const Tensor& x, const Tensor& emb) const;
  void params(ParamVisitor& visit);

  GroupNorm norm1;
  Conv3x3 conv1;
  Linear emb_layer;
  GroupNorm norm2;
  Conv3x3 conv2;
  std::optional<Linear> skip;  // only where the channel count changes
};

// Self-attention, cross-attention and a gated feed-forward layer, each on a normed input and added.
struct TransformerBlock {
  TransformerBlock() = default;
  TransformerBlock(std::int64_t width, std::int64_t context, int heads);
  // x: (B, T, width); context: (B, Tk, context).
  Tensor operator()(const Tensor& x, const Tensor& context, const AttnContext& ctx) const;
  void params(ParamVisitor& visit);

  LayerNorm norm1;
  LayerNorm norm2;
  LayerNorm norm3;
  Attention attn1;
  Attention attn2;
  FeedForward ff;
};

// Transformer blocks over the cells of a feature map.
struct SpatialTransformer {
  SpatialTransformer() = default;
  SpatialTransformer(std::int64_t channels, std::int64_t context, int heads, int depth);
  // x: (B, H, W, C). ctx.at.depth and ctx.grid are filled in here.
  Tensor operator()(const Tensor& x, const Tensor& context, const AttnContext& ctx) const;
  void params(ParamVisitor& visit);

  GroupNorm norm;
  Linear proj_in;
  std::vector<TransformerBlock> blocks;
  Linear proj_out;
};

}  // namespace sagitta::models
