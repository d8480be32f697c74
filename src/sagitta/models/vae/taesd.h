// TAESD, the tiny autoencoder (O. B. Bohan, github.com/madebyollin/taesd): convolutions, ReLU and
// skip connections only; much faster than the KL autoencoder, a little less exact. Numbers in the
// names of its weights are places in a sequence that counts activations and upsampling, too.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/nn/layers.h"

#include <optional>
#include <vector>

namespace sagitta::models {

// relu(conv(relu(conv(relu(conv(x))))) + x).
struct TaesdBlock {
  explicit TaesdBlock(std::int64_t channels);
  Tensor operator()(const Tensor& x) const;
  void params(ParamVisitor& visit);

  Conv3x3 conv1;
  Conv3x3 conv2;
  Conv3x3 conv3;
};

// A convolution that changes the size, then blocks at the new size.
template <class Resample>
struct TaesdLevel {
  std::optional<Resample> resample;  // without bias; absent at the first level
  std::vector<TaesdBlock> blocks;
};

// Images (B, H, W, 3) in 0..1, sides divisible by 8, to latents (B, H/8, W/8, C) of unit deviation.
class TaesdEncoder {
 public:
  explicit TaesdEncoder(const VaeSpec& spec);
  Tensor operator()(const Tensor& image) const;
  void params(ParamVisitor& visit);

 private:
  Conv3x3 conv_in_;
  std::vector<TaesdLevel<Conv3x3>> levels_;  // finest first
  Conv3x3 conv_out_;
};

// Latents (B, h, w, C) of unit deviation, softly limited to -3..3, to images (B, 8h, 8w, 3) in
// about 0..1.
class TaesdDecoder {
 public:
  explicit TaesdDecoder(const VaeSpec& spec);
  Tensor operator()(const Tensor& latent) const;
  void params(ParamVisitor& visit);

 private:
  Conv3x3 conv_in_;
  std::vector<TaesdLevel<UpsampleConv>> levels_;  // coarsest first
  Conv3x3 conv_out_;
};

}  // namespace sagitta::models
