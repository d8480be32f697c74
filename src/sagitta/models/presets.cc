#include "sagitta/models/presets.h"

#include "sagitta/base/error.h"

#include <string>

namespace sagitta::models {
namespace {

// Stable Diffusion 1.x (Rombach et al. 2022): 860 M parameters, attention at three of four levels.
Preset sd15() {
  const std::vector<int> with{1, 1};
  const std::vector<int> without{0, 0};
  Preset preset{.name = "sd15", .model = {}, .vae = {}, .text = {}};
  preset.model.family = "SD 1.x";
  UnetSpec& unet = preset.model.unet;
  unet.levels = {{.channels = 320, .input_depth = with, .output_depth = {1, 1, 1}},
                 {.channels = 640, .input_depth = with, .output_depth = {1, 1, 1}},
                 {.channels = 1280, .input_depth = with, .output_depth = {1, 1, 1}},
                 {.channels = 1280, .input_depth = without, .output_depth = {0, 0, 0}}};
  unet.heads = 8;
  preset.vae.multipliers = {1, 2, 4, 4};
  preset.text = {{.prefix = "cond_stage_model.transformer.", .spec = {}}};
  return preset;
}

// Stable Diffusion 2.1: the same levels with heads of 64 channels, and a wider text encoder.
Preset sd21() {
  Preset preset = sd15();
  preset.name = "sd21";
  preset.model.family = "SD 2.x";
  preset.model.prediction = Prediction::v;
  preset.model.unet.heads = 0;
  preset.model.unet.head_width = 64;
  preset.model.unet.context_width = 1024;
  const ClipSpec h{.width = 1024,
                   .hidden = 4096,
                   .layers = 24,
                   .heads = 16,
                   .quick_gelu = false,
                   .projection = 1024,
                   .key = "clip_h"};
  preset.text = {{.prefix = "cond_stage_model.model.", .spec = h, .openclip = true}};
  return preset;
}

// Stable Diffusion XL (Podell et al. 2023): 2.6 G parameters, attention at the two coarser levels, two
// text encoders.
Preset sdxl() {
  Preset preset{.name = "sdxl", .model = {}, .vae = {}, .text = {}};
  preset.model.family = "SDXL";
  preset.model.latent_scale = 0.13025F;
  UnetSpec& unet = preset.model.unet;
  unet.levels = {{.channels = 320, .input_depth = {0, 0}, .output_depth = {0, 0, 0}},
                 {.channels = 640, .input_depth = {2, 2}, .output_depth = {2, 2, 2}},
                 {.channels = 1280, .input_depth = {10, 10}, .output_depth = {10, 10, 10}}};
  unet.middle_depth = 10;
  unet.context_width = 2048;
  unet.vector_width = 2816;
  unet.head_width = 64;
  preset.vae.multipliers = {1, 2, 4, 4};
  const ClipSpec l{};
  const ClipSpec g{.width = 1280,
                   .hidden = 5120,
                   .layers = 32,
                   .heads = 20,
                   .quick_gelu = false,
                   .projection = 1280,
                   .key = "clip_g"};
  preset.text = {{.prefix = "conditioner.embedders.0.transformer.", .spec = l},
                 {.prefix = "conditioner.embedders.1.model.", .spec = g, .openclip = true}};
  return preset;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{sd15(), sd21(), sdxl()};
  return all;
}

const Preset& find_preset(std::string_view name) {
  std::string known;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", preset.name);
  }
  throw Error(Fault::bad_input, fmt::format("no architecture is named '{}'; known: {}", name, known));
}

}  // namespace sagitta::models
