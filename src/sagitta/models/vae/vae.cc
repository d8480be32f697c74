#include "sagitta/models/vae/vae.h"

#include "sagitta/core/device.h"
#include "sagitta/ops/attention.h"

#include <utility>

namespace sagitta::models {
namespace {

constexpr float kEps = 1e-6F;

// What the pool may keep where the number of cells or channels changes: blocks of the size before are
// of no use to what follows.
constexpr std::size_t kKeptBytes = std::size_t{128} << 20U;

void trim(const Tensor& h) { h.device().memory().trim_on_the_way(kKeptBytes); }

}  // namespace

VaeResBlock::VaeResBlock(std::int64_t in, std::int64_t out)
    : norm1(in, kEps), conv1(in, out), norm2(out, kEps), conv2(out, out) {
  if (in != out) shortcut.emplace(in, out);
}

// Lets go of tensors early: at the size of the picture they are larger than all weights.
Tensor VaeResBlock::operator()(Tensor x) const {
  Tensor h = conv1(norm1(x, true));
  if (shortcut) {
    trim(h);
    x = (*shortcut)(x);
    trim(x);
  }
  h = norm2(h, true);
  return conv2(h, {.residual = &x});
}

void VaeResBlock::params(ParamVisitor& visit) {
  visit("norm1", norm1);
  visit("conv1", conv1);
  visit("norm2", norm2);
  visit("conv2", conv2);
  if (shortcut) visit("nin_shortcut", *shortcut);
}

VaeAttention::VaeAttention(std::int64_t channels)
    : norm(channels, kEps),
      q(channels, channels),
      k(channels, channels),
      v(channels, channels),
      proj_out(channels, channels) {}

Tensor VaeAttention::operator()(const Tensor& x) const {
  const Shape image = x.shape();
  const Tensor h = norm(x, false).reshaped({image[0], image[1] * image[2], image[3]});
  const Tensor mixed = ops::attention(q(h), k(h), v(h), {.heads = 1});
  return proj_out(mixed.reshaped(image), {.residual = &x});
}

void VaeAttention::params(ParamVisitor& visit) {
  visit("norm", norm);
  visit("q", q);
  visit("k", k);
  visit("v", v);
  visit("proj_out", proj_out);
}

VaeMiddle::VaeMiddle(std::int64_t channels)
    : block1(channels, channels), attention(channels), block2(channels, channels) {}

Tensor VaeMiddle::operator()(const Tensor& x) const { return block2(attention(block1(x))); }

void VaeMiddle::params(ParamVisitor& visit) {
  visit("block_1", block1);
  visit("attn_1", attention);
  visit("block_2", block2);
}

VaeEncoder::VaeEncoder(const VaeSpec& spec) : conv_in_(spec.image_channels, spec.channels) {
  std::int64_t channels = spec.channels;
  for (std::size_t i = 0; i < spec.multipliers.size(); ++i) {
    Level level;
    const std::int64_t width = spec.channels * spec.multipliers[i];
    for (int n = 0; n < spec.blocks; ++n) {
      level.block.emplace_back(channels, width);
      channels = width;
    }
    if (i + 1 < spec.multipliers.size()) {
      level.downsample.emplace(channels, channels, Conv3x3::Kind::halve_asymmetric);
    }
    levels_.push_back(std::move(level));
  }
  middle_ = VaeMiddle(channels);
  norm_out_ = GroupNorm(channels, kEps);
  conv_out_ = Conv3x3(channels, 2 * spec.latent_channels);
  quant_ = Linear(2 * spec.latent_channels, 2 * spec.latent_channels);
}

Tensor VaeEncoder::operator()(const Tensor& image) const {
  Tensor h = conv_in_(image);
  for (const Level& level : levels_) {
    for (const VaeResBlock& block : level.block) h = block(std::move(h));
    if (!level.downsample) continue;
    h = (*level.downsample)(h);
    trim(h);
  }
  return quant_(conv_out_(norm_out_(middle_(h), true)));
}

void VaeEncoder::Level::params(ParamVisitor& visit) {
  visit.list("block", block);
  if (downsample) visit("downsample.conv", *downsample);
}

void VaeEncoder::params(ParamVisitor& visit) {
  visit("encoder.conv_in", conv_in_);
  visit.list("encoder.down", levels_);
  visit("encoder.mid", middle_);
  visit("encoder.norm_out", norm_out_);
  visit("encoder.conv_out", conv_out_);
  visit("quant_conv", quant_);
}

VaeDecoder::VaeDecoder(const VaeSpec& spec) {
  std::int64_t channels = spec.channels * spec.multipliers.back();
  post_quant_ = Linear(spec.latent_channels, spec.latent_channels);
  conv_in_ = Conv3x3(spec.latent_channels, channels);
  middle_ = VaeMiddle(channels);
  levels_.resize(spec.multipliers.size());
  for (std::size_t i = spec.multipliers.size(); i-- > 0;) {
    const std::int64_t width = spec.channels * spec.multipliers[i];
    for (int n = 0; n <= spec.blocks; ++n) {
      levels_[i].block.emplace_back(channels, width);
      channels = width;
    }
    if (i > 0) levels_[i].upsample.emplace(channels);
  }
  norm_out_ = GroupNorm(channels, kEps);
  conv_out_ = Conv3x3(channels, spec.image_channels);
}

Tensor VaeDecoder::operator()(const Tensor& latent) const {
  Tensor h = middle_(conv_in_(post_quant_(latent)));
  for (std::size_t i = levels_.size(); i-- > 0;) {
    for (const VaeResBlock& block : levels_[i].block) h = block(std::move(h));
    if (!levels_[i].upsample) continue;
    h = (*levels_[i].upsample)(h, 2 * h.dim(1), 2 * h.dim(2));
    trim(h);
  }
  return conv_out_(norm_out_(h, true));
}

void VaeDecoder::Level::params(ParamVisitor& visit) {
  visit.list("block", block);
  if (upsample) visit("upsample.conv", *upsample);
}

void VaeDecoder::params(ParamVisitor& visit) {
  visit("post_quant_conv", post_quant_);
  visit("decoder.conv_in", conv_in_);
  visit("decoder.mid", middle_);
  visit.list("decoder.up", levels_);
  visit("decoder.norm_out", norm_out_);
  visit("decoder.conv_out", conv_out_);
}

}  // namespace sagitta::models
