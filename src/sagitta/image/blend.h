// Two pictures mixed value by value.
#pragma once

#include "sagitta/core/array.h"

#include <string_view>

namespace sagitta {

enum class BlendMode { normal, multiply, screen, overlay, soft_light, difference };

// The mode of a widget's entry, e.g. "soft_light"; throws bad_input for another name.
[[nodiscard]] BlendMode blend_mode(std::string_view name);

// (1 - factor) of the first and factor of the mixture, clipped to 0..1. The second gets the first
// one's channels and, cut to its aspect ratio (bicubic), its size. One picture serves a whole
// batch; throws bad_input for batches of other lengths.
[[nodiscard]] Array blend(const Array& first, const Array& second, float factor, BlendMode mode);

}  // namespace sagitta
