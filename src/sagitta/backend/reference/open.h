// The reference device: slow, in f32, on one thread, and the oracle of the tests.
#pragma once

#include "sagitta/core/device.h"

#include <memory>

namespace sagitta::reference {

[[nodiscard]] std::unique_ptr<Device> open();

}  // namespace sagitta::reference
