// The .npy format of numpy (version 1.0), writing only: a quick way to look at values elsewhere.
#pragma once

#include "sagitta/core/array.h"

#include <filesystem>

namespace sagitta::io {

// Writes float32 values in C order, replacing the file in one step.
void write_npy(const std::filesystem::path& path, const Array& array);

}  // namespace sagitta::io
