// Pictures with few colours.
#pragma once

#include "sagitta/core/array.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

// What quantize() takes: "none", "floyd-steinberg", "bayer-2", ... "bayer-16".
[[nodiscard]] const std::vector<std::string>& dither_names();

// Each picture (B, H, W, 3) in 1 to 256 colours of its own. Throws bad_input for another number of
// channels or colours, and for an unknown dither.
[[nodiscard]] Array quantize(const Array& images, std::int64_t colours, std::string_view dither);

}  // namespace sagitta
