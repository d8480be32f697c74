// Pictures with few colours.
#pragma once

#include "sagitta/core/array.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

// What quantize() takes: "none", "floyd-steinberg", "bayer-2", ... "bayer-16".
[[nodiscard]] const std::vector<std::string>& dither_names();

// Each picture (B, H, W, 3) in 1 to 256 colours of its own. A palette has 256 entries, and those
// that are not used are black: as in the Pillow of the golden data, dark pixels may become black,
// and a Bayer pattern reaches one level up and down. Throws bad_input for another number of
// channels or colours, and for an unknown dither.
[[nodiscard]] Array quantize(const Array& images, std::int64_t colours, std::string_view dither);

}  // namespace sagitta
