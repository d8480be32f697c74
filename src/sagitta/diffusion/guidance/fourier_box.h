// Scaling of the lowest frequencies of a plane, as frequency-domain guidance methods do.
#pragma once

#include "sagitta/core/array.h"

#include <cstdint>

namespace sagitta {

struct FourierBox {
  // The box holds the frequencies -rows .. rows - 1 down and -cols .. cols - 1 across, at most all
  // that there are. It is not symmetric; the real part of the result is taken, as the methods'
  // authors did.
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  float inside = 1;   // factor of the frequencies in the box
  float outside = 1;  // factor of all others
};

// Each (H, W) plane of x (..., H, W). Costs a few times cols passes over the plane, not a whole
// transform.
[[nodiscard]] Array scale_frequencies(const Array& x, const FourierBox& box);

}  // namespace sagitta
