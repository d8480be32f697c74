// The denoising UNet of Stable Diffusion (Rombach et al. 2022), any width, depth and level count
// that a UnetSpec states. Read operator() top to bottom: it is the network.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/models/unet/blocks.h"
#include "sagitta/models/unet/encoder.h"

namespace sagitta::models {

// What a ControlNet adds to the features of a UNet, scaled already.
struct ControlResiduals {
  Tensor middle;              // to the result of the middle block, in its shape
  std::vector<Tensor> skips;  // to the skip connection of each input block
};

struct UnetInput {
  Tensor x;                           // (B, H, W, in_channels), already scaled for the network
  std::vector<float> timesteps;       // B values, 0..999, fractions allowed
  Tensor context;                     // (B, tokens, context_width)
  std::optional<Tensor> vector = {};  // (B, vector_width), if the model wants one
  std::optional<ControlResiduals> control = {};
};

class Unet {
 public:
  explicit Unet(UnetSpec spec);

  // The raw prediction (B, H, W, out_channels). H and W >= 1; they need not be multiples of the
  // downscale: each upsampling goes to the size of the skip connection it meets.
  Tensor operator()(const UnetInput& input, const Patches& patches = {},
                    const UnetPass& pass = {}) const;
  void params(ParamVisitor& visit);
  [[nodiscard]] const UnetSpec& spec() const { return spec_; }

 private:
  struct OutputBlock {
    ResBlock res;
    std::optional<SpatialTransformer> transformer;
    std::optional<UpsampleConv> up;
    void params(ParamVisitor& visit);
  };

  UnetSpec spec_;
  UnetEncoder encoder_;
  std::vector<OutputBlock> output_blocks_;
  GroupNorm norm_out_;
  Conv3x3 conv_out_;
};

}  // namespace sagitta::models
