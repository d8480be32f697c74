// ControlNets from files: the single-file layout, with or without the prefix "control_model.", and
// that of diffusers.
#pragma once

#include "sagitta/models/controlnet/controlnet.h"
#include "sagitta/models/network.h"

#include <filesystem>

namespace sagitta::models {

// Throws bad_file for what is no ControlNet or is incomplete, unsupported for kinds that sagitta does
// not run. base: the weights of the UNet to which a file of differences is added; without it such a
// file is bad_input.
[[nodiscard]] Network<ControlNet> load_controlnet(const std::filesystem::path& path, Device& device,
                                                  const Weights* base = nullptr);

}  // namespace sagitta::models
