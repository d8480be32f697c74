// The KL autoencoder of Stable Diffusion (Rombach et al. 2022): images to latents and back.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/nn/layers.h"

#include <optional>
#include <vector>

namespace sagitta::models {

// GroupNorm, SiLU, 3x3 conv, twice, plus the (projected) input.
struct VaeResBlock {
  VaeResBlock() = default;
  VaeResBlock(std::int64_t in, std::int64_t out);
  Tensor operator()(Tensor x) const;
  void params(ParamVisitor& visit);

  GroupNorm norm1;
  Conv3x3 conv1;
  GroupNorm norm2;
  Conv3x3 conv2;
  std::optional<Linear> shortcut;
};

// Single-head self-attention over all cells.
struct VaeAttention {
  VaeAttention() = default;
  explicit VaeAttention(std::int64_t channels);
  Tensor operator()(const Tensor& x) const;
  void params(ParamVisitor& visit);

  GroupNorm norm;
  Linear q;
  Linear k;
  Linear v;
  Linear proj_out;
};

// Residual block, attention, residual block at the coarsest level.
struct VaeMiddle {
  VaeMiddle() = default;
  explicit VaeMiddle(std::int64_t channels);
  Tensor operator()(const Tensor& x) const;
  void params(ParamVisitor& visit);

  VaeResBlock block1;
  VaeAttention attention;
  VaeResBlock block2;
};

// Images (B, H, W, 3) in -1..1 to moments (B, h, w, 2 * latent channels): mean, then log variance.
class VaeEncoder {
 public:
  explicit VaeEncoder(const VaeSpec& spec);
  Tensor operator()(const Tensor& image) const;
  void params(ParamVisitor& visit);

 private:
  struct Level {
    std::vector<VaeResBlock> block;
    std::optional<Conv3x3> downsample;
    void params(ParamVisitor& visit);
  };

  Conv3x3 conv_in_;
  std::vector<Level> levels_;  // finest first
  VaeMiddle middle_;
  GroupNorm norm_out_;
  Conv3x3 conv_out_;
  Linear quant_;
};

// Latents (B, h, w, latent channels), not scaled, to images (B, H, W, 3) in about -1..1.
class VaeDecoder {
 public:
  explicit VaeDecoder(const VaeSpec& spec);
  Tensor operator()(const Tensor& latent) const;
  void params(ParamVisitor& visit);

 private:
  struct Level {
    std::vector<VaeResBlock> block;
    std::optional<UpsampleConv> upsample;
    void params(ParamVisitor& visit);
  };

  Linear post_quant_;
  Conv3x3 conv_in_;
  VaeMiddle middle_;
  std::vector<Level> levels_;  // finest first, as the checkpoint numbers them
  GroupNorm norm_out_;
  Conv3x3 conv_out_;
};

}  // namespace sagitta::models
