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

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{sd15()};
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
