// What a checkpoint is, as plain data: found from its keys and shapes, never from its name. Nothing
// above this layer asks which version a model is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sagitta::models {

struct UnetSpec {
  struct Level {
    std::int64_t channels = 0;
    std::vector<int> input_depth;   // transformer blocks after each residual block; 0 = none
    std::vector<int> output_depth;  // the same on the way up, one block more
  };

  std::int64_t in_channels = 4;
  std::int64_t out_channels = 4;
  std::int64_t model_channels = 320;
  std::vector<Level> levels;         // finest first
  int middle_depth = 1;              // transformer blocks in the middle; 0 = none
  std::int64_t context_width = 768;  // of the text conditioning; 0 without cross-attention
  std::int64_t vector_width = 0;     // of the vector conditioning (SDXL); 0 = none
  int heads = 0;                     // per layer, the same everywhere; 0: head_width counts
  std::int64_t head_width = 0;       // channels per head where heads is 0

  [[nodiscard]] int heads_for(std::int64_t channels) const {
    return heads > 0 ? heads : static_cast<int>(channels / head_width);
  }
  // Latent cells per cell of the coarsest level, along one axis.
  [[nodiscard]] std::int64_t downscale() const { return std::int64_t{1} << (levels.size() - 1); }
};

enum class VaeKind {
  kl,     // the autoencoder of Stable Diffusion
  taesd,  // the tiny one of madebyollin: no norms, no attention
};

// A ControlNet: a copy of a UNet's way down, and convolutions that read the hint picture.
struct ControlNetSpec {
  UnetSpec encoder;                        // without the way up
  std::int64_t hint_channels = 3;
  std::vector<std::int64_t> hint_widths;   // channels between the eight convolutions of the hint
};

struct VaeSpec {
  VaeKind kind = VaeKind::kl;
  std::int64_t channels = 128;             // of the finest level
  std::vector<std::int64_t> multipliers = {};  // per level, finest first
  int blocks = 2;                          // residual blocks per level on the way down
  std::int64_t latent_channels = 4;
  std::int64_t image_channels = 3;
  float image_min = -1;  // pixel values run from here to 1 inside the networks
  // VAE scale = the encoder's latents / latent_scale + latent_shift. TAESD's are of unit deviation.
  float latent_scale = 1;
  float latent_shift = 0;

  // Pixels per latent cell, along one axis.
  [[nodiscard]] std::int64_t downscale() const { return std::int64_t{1} << (multipliers.size() - 1); }
};

// Which encoder of which family: how it is conditioned on (see clip_use in detect.cc).
enum class ClipUse { sd1, sd2, sdxl_l, sdxl_g };

struct ClipSpec {
  std::int64_t width = 768;
  std::int64_t vocabulary = 49408;
  std::int64_t positions = 77;
  std::int64_t hidden = 3072;           // of the feed-forward layers
  int layers = 12;
  int heads = 12;
  bool quick_gelu = true;               // CLIP-L; the OpenCLIP models use the exact GELU
  std::int64_t projection = 0;          // width of the text projection; 0 = none

  // How a family conditions on the encoder.
  std::string key = "clip_l";           // its name in prompts' files: "clip_l", "clip_h", "clip_g"
  int default_layer = -1;               // -1: the last layer, -2: the last but one, ...
  bool final_norm = true;               // whether the final norm is applied to the chosen layer
  bool project_pooled = false;          // whether the pooled text goes through the projection
  std::optional<int> pad = {};          // token id that fills chunks; none: the end token
  int omitted_layers = 0;               // last layers of the original that the file leaves out
};

enum class Prediction { eps, v };

struct ModelSpec {
  std::string family;                   // for people: "SD 1.x", "SD 2.x", "SDXL"...
  UnetSpec unet;
  Prediction prediction = Prediction::eps;
  bool zero_terminal_snr = false;
  float latent_scale = 0.18215F;        // latents are multiplied by it on their way into the network
};

}  // namespace sagitta::models
