// The CUDA backend's door. absent.cc stands behind it in a build without CUDA.
#pragma once

#include "sagitta/backend/open.h"

#include <memory>
#include <string_view>

namespace sagitta::cuda {

// How many CUDA devices can be opened here and now.
[[nodiscard]] int count();

// Opens "cuda" (the first) or "cuda:N". Throws Error{unsupported} if there is none, or if it cannot
// compute as the options ask.
[[nodiscard]] std::unique_ptr<Device> open(std::string_view name, const DeviceOptions& options);

}  // namespace sagitta::cuda
