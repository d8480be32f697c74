// The CUDA backend's door. absent.cc stands behind it in a build without CUDA.
#pragma once

#include "sagitta/core/device.h"

#include <memory>
#include <string_view>

namespace sagitta::cuda {

// How many CUDA devices can be opened here and now.
[[nodiscard]] int count();

// Opens "cuda" (the first) or "cuda:N". Throws Error{unsupported} if there is none.
[[nodiscard]] std::unique_ptr<Device> open(std::string_view name);

}  // namespace sagitta::cuda
