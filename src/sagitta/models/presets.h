// Published architectures by name, for benchmarks and for checkpoints of random weights. Loading a
// checkpoint never looks here: its specification comes from its own tensors.
#pragma once

#include "sagitta/models/spec.h"

#include <string_view>
#include <vector>

namespace sagitta::models {

struct Preset {
  std::string_view name;
  ModelSpec model;
  VaeSpec vae;
  // A text encoder, and the prefix of its weights in a checkpoint.
  struct Text {
    std::string_view prefix;
    ClipSpec spec;
    bool openclip = false;  // the checkpoint has the names of OpenCLIP
  };
  std::vector<Text> text;
};

// "sd15", "sd21", "sdxl".
[[nodiscard]] const std::vector<Preset>& presets();

// Throws bad_input with the known names.
[[nodiscard]] const Preset& find_preset(std::string_view name);

}  // namespace sagitta::models
