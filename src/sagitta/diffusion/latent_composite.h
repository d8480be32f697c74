// One latent laid onto another.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// A place in cells of the latent below.
struct Place {
  std::int64_t x = 0;
  std::int64_t y = 0;
};

// `from` over `onto` with its corner at `at`; what sticks out is cut off. Edges that lie inside are
// faded over `feather` cells. A batch of one counts for every item. Throws bad_input for a corner
// outside of `onto`, and for other channels or batches.
[[nodiscard]] Array paste_feathered(Array onto, const Array& from, const Place& at,
                                    std::int64_t feather);

// `from` over `onto` where the mask is 1. The mask (N, h, w) of any size is resized bilinearly to
// `from`; null: everywhere. The corner may lie outside, on either side. Batches are repeated or
// cut.
[[nodiscard]] Array paste_masked(const Array& onto, const Array& from, const Place& at,
                                 const Array* mask);

}  // namespace sagitta
