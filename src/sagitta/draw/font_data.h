// DejaVu Sans as TrueType, built into the program. The functions are in sources that the build
// generates.
#pragma once

#include <span>

namespace sagitta::draw {

[[nodiscard]] std::span<const unsigned char> regular_font();
[[nodiscard]] std::span<const unsigned char> bold_font();

}  // namespace sagitta::draw
