// CIE L*a*b* (D65) of sRGB colours, with the constants of kornia.
#pragma once

#include <array>

namespace sagitta {

using Triple = std::array<double, 3>;

// Red, green and blue in 0..1 to L in 0..100, a and b.
[[nodiscard]] Triple rgb_to_lab(const Triple& rgb);
// Back, clipped to 0..1.
[[nodiscard]] Triple lab_to_rgb(const Triple& lab);

}  // namespace sagitta
