// Gaussian blur of latents, as the guidance methods use it.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta::sag {

// Each (H, W) plane of x (B, C, H, W) with `taps` (odd) taps along both axes, weights
// exp(-(k/sigma)^2 / 2) normalised, reflect padding. sigma 0 returns x. H and W > taps / 2.
[[nodiscard]] Array blur(const Array& x, float sigma, int taps = 9);

// The number of taps that holds three sigmas on either side, at least 3.
[[nodiscard]] int taps_for(float sigma);

}  // namespace sagitta::sag
