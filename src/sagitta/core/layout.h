// Between channels-first (latents, noise, files) and channels-last (images, activations).
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// (B, C, H, W) -> (B, H, W, C).
[[nodiscard]] Array to_channels_last(const Array& x);
// (B, H, W, C) -> (B, C, H, W).
[[nodiscard]] Array to_channels_first(const Array& x);

}  // namespace sagitta
