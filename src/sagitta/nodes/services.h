// Services: what the program offers to its nodes: devices, folders and the settings of a run.
#pragma once

#include "sagitta/core/device.h"

#include <filesystem>
#include <vector>

namespace sagitta::nodes {

struct Services {
  Device& device;                                  // runs the networks
  Device& text_device;                             // runs text encoders; computes in f32
  Device& vae_device = device;  // runs autoencoders, whose products are not in int8
  std::vector<std::filesystem::path> models_dirs;  // each with checkpoints/, vae/, loras/, ...
  std::filesystem::path input_dir;                 // of LoadImage
  std::filesystem::path output_dir;                // of SaveImage; made when needed
  std::filesystem::path temp_dir;                  // of PreviewImage; made when needed
  std::filesystem::path insight_dir = {};          // of SaveSelfAttentionInsight; empty: output_dir
};

}  // namespace sagitta::nodes
