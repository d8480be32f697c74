// The CPU backend's door.
#pragma once

#include "sagitta/backend/open.h"

#include <memory>

namespace sagitta::cpu {

// Throws Error{unsupported} if this processor cannot compute in options.compute.
[[nodiscard]] std::unique_ptr<Device> open(const DeviceOptions& options);

}  // namespace sagitta::cpu
