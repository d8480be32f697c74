// The small model that comes with the program, and the settings that suit a model.
#pragma once

#include "sagitta/diffusion/sample.h"

#include <cstdint>
#include <filesystem>
#include <utility>

namespace sagitta::cli {

// Its name in the checkpoints folder. models/embedded/README.md says what it draws.
inline constexpr const char* kEmbeddedModel = "sagitta-emoji.safetensors";

// share/sagitta/models beside the folder of the program; it need not exist.
[[nodiscard]] std::filesystem::path installed_models_dir();

// The settings that the embedded model was evaluated with.
[[nodiscard]] SampleParams embedded_sampling();

// Width and height in pixels that a checkpoint says it was trained for: its metadata
// (modelspec.resolution), else 1024 for the SDXL layout and 512 for others.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> native_size(const std::filesystem::path& checkpoint);

}  // namespace sagitta::cli
