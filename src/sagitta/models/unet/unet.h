// The denoising UNet of Stable Diffusion (Rombach et al. 2022), any width, depth and level count
// that a UnetSpec states. Read operator() top to bottom: it is the network.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/models/unet/blocks.h"

#include <span>

namespace sagitta::models {

struct UnetInput {
  Tensor x;                            // (B, H, W, in_channels), already scaled for the network
  std::vector<float> timesteps;        // B values, 0..999, fractions allowed
  Tensor context;                      // (B, tokens, context_width)
  std::optional<Tensor> vector;        // (B, vector_width), if the model wants one
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
  // One entry of input_blocks: the first convolution, a downsampling, or a residual block with an
  // optional transformer.
  struct InputBlock {
    std::optional<Conv3x3> conv_in;
    std::optional<Conv3x3> down;
    std::optional<ResBlock> res;
    std::optional<SpatialTransformer> transformer;
    void params(ParamVisitor& visit);
  };
  struct OutputBlock {
    ResBlock res;
    std::optional<SpatialTransformer> transformer;
    std::optional<Conv3x3> up;
    void params(ParamVisitor& visit);
  };

  [[nodiscard]] Tensor embed(const UnetInput& input) const;  // (B, 4 * model_channels), SiLU applied

  UnetSpec spec_;
  Linear time_in_;
  Linear time_out_;
  std::optional<Linear> vector_in_;
  std::optional<Linear> vector_out_;
  std::vector<InputBlock> input_blocks_;
  ResBlock middle_res1_;
  std::optional<SpatialTransformer> middle_transformer_;
  ResBlock middle_res2_;
  std::vector<OutputBlock> output_blocks_;
  GroupNorm norm_out_;
  Conv3x3 conv_out_;
};

// Sinusoidal embedding of timesteps: [cos(t f_i) | sin(t f_i)], f_i = exp(-ln(10000) i / (width/2)),
// an odd width padded by one zero column. Returns (timesteps, width). (Vaswani et al. 2017; the
// order of the halves is that of the published checkpoints.)
[[nodiscard]] Array timestep_embedding(std::span<const float> timesteps, std::int64_t width);

}  // namespace sagitta::models
