#include "sagitta/models/unet/blocks.h"

namespace sagitta::models {
namespace {

constexpr float kResBlockEps = 1e-5F;
constexpr float kTransformerEps = 1e-6F;
constexpr std::int64_t kFeedForwardFactor = 4;

}  // namespace

ResBlock::ResBlock(std::int64_t in, std::int64_t out, std::int64_t embedding)
    : norm1(in, kResBlockEps),
      conv1(in, out),
      emb_layer(embedding, out),
      norm2(out, kResBlockEps),
      conv2(out, out) {
  if (in != out) skip.emplace(in, out);
}

Tensor ResBlock::operator()(const Tensor& x, const Tensor& emb) const {
  const Tensor row_bias = emb_layer(emb);
  const Tensor h = conv1(norm1(x, true), {.row_bias = &row_bias});
  const Tensor shortcut = skip ? (*skip)(x) : x;
  return conv2(norm2(h, true), {.residual = &shortcut});
}

void ResBlock::params(ParamVisitor& visit) {
  visit("in_layers.0", norm1);
  visit("in_layers.2", conv1);
  visit("emb_layers.1", emb_layer);
  visit("out_layers.0", norm2);
  visit("out_layers.3", conv2);
  if (skip) visit("skip_connection", *skip);
}

TransformerBlock::TransformerBlock(std::int64_t width, std::int64_t context, int heads)
    : norm1(width),
      norm2(width),
      norm3(width),
      attn1(width, width, heads),
      attn2(width, context, heads),
      ff(width, width * kFeedForwardFactor) {}

Tensor TransformerBlock::operator()(const Tensor& x, const Tensor& context,
                                    const AttnContext& ctx) const {
  Tensor h = attn1.self(norm1(x), x, ctx);
  h = attn2.cross(norm2(h), context, h, ctx);
  return ff(norm3(h), h);
}

void TransformerBlock::params(ParamVisitor& visit) {
  visit("attn1", attn1);
  visit("ff", ff);
  visit("attn2", attn2);
  visit("norm1", norm1);
  visit("norm2", norm2);
  visit("norm3", norm3);
}

SpatialTransformer::SpatialTransformer(std::int64_t channels, std::int64_t context, int heads,
                                       int depth)
    : norm(channels, kTransformerEps),
      proj_in(channels, channels),
      blocks(static_cast<std::size_t>(depth), TransformerBlock(channels, context, heads)),
      proj_out(channels, channels) {}

Tensor SpatialTransformer::operator()(const Tensor& x, const Tensor& context,
                                      const AttnContext& ctx) const {
  const Shape image = x.shape();
  const Shape tokens{image[0], image[1] * image[2], image[3]};
  Tensor h = proj_in(norm(x, false)).reshaped(tokens);  // NHWC is already token order
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    AttnSite at = ctx.at;
    at.depth = static_cast<int>(i);
    h = blocks[i](h, context,
                  {.at = at,
                   .grid = {.rows = image[1], .cols = image[2]},
                   .input = ctx.input,
                   .patches = ctx.patches,
                   .pass = ctx.pass});
  }
  return proj_out(h.reshaped(image), {.residual = &x});
}

void SpatialTransformer::params(ParamVisitor& visit) {
  visit("norm", norm);
  visit("proj_in", proj_in);
  visit.list("transformer_blocks", blocks);
  visit("proj_out", proj_out);
}

}  // namespace sagitta::models
