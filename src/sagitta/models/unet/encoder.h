// The half of the UNet that a ControlNet copies: embeddings, the way down, the middle block.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/models/unet/blocks.h"

#include <optional>
#include <span>
#include <vector>

namespace sagitta::models {

// One entry of input_blocks: the first convolution, a downsampling, or a residual block with an
// optional transformer.
struct InputBlock {
  std::optional<Conv3x3> conv_in;
  std::optional<Conv3x3> down;
  std::optional<ResBlock> res;
  std::optional<SpatialTransformer> transformer;

  // h: (B, H, W, C); emb: (B, 4 * model_channels), SiLU applied.
  Tensor operator()(Tensor h, const Tensor& emb, const Tensor& context, const AttnContext& ctx) const;
  void params(ParamVisitor& visit);
};

class UnetEncoder {
 public:
  UnetEncoder() = default;
  explicit UnetEncoder(const UnetSpec& spec);
  void params(ParamVisitor& visit);

  // Timesteps and, where the model wants one, the vector conditioning (B, vector_width):
  // (B, 4 * model_channels), with the SiLU applied with which every residual block begins.
  [[nodiscard]] Tensor embed(Device& device, std::span<const float> timesteps,
                             const std::optional<Tensor>& vector) const;
  [[nodiscard]] const std::vector<InputBlock>& input_blocks() const { return input_blocks_; }
  [[nodiscard]] Tensor middle(const Tensor& h, const Tensor& emb, const Tensor& context,
                              const AttnContext& ctx) const;

  // Channels of the input blocks' results, in order; those of the middle are the last ones.
  [[nodiscard]] const std::vector<std::int64_t>& skip_channels() const { return skip_channels_; }
  // Width of emb.
  [[nodiscard]] static std::int64_t embedding_width(const UnetSpec& spec);

 private:
  std::int64_t model_channels_ = 0;
  std::int64_t vector_width_ = 0;
  Linear time_in_;
  Linear time_out_;
  std::optional<Linear> vector_in_;
  std::optional<Linear> vector_out_;
  std::vector<InputBlock> input_blocks_;
  std::vector<std::int64_t> skip_channels_;
  ResBlock middle_res1_;
  std::optional<SpatialTransformer> middle_transformer_;
  ResBlock middle_res2_;
};

// The transformer of a block, or none if its depth is 0.
[[nodiscard]] std::optional<SpatialTransformer> make_transformer(const UnetSpec& spec,
                                                                 std::int64_t channels, int depth);

// Sinusoidal embedding of timesteps: [cos(t f_i) | sin(t f_i)], f_i = exp(-ln(10000) i / (width/2)),
// an odd width padded by one zero column. Returns (timesteps, width). (Vaswani et al. 2017; the
// order of the halves is that of the published checkpoints.)
[[nodiscard]] Array timestep_embedding(std::span<const float> timesteps, std::int64_t width);

}  // namespace sagitta::models
