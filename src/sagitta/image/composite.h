// One batch of planes laid over another through a mask.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

struct Placement {
  std::int64_t y = 0;  // of the source's first row in the destination
  std::int64_t x = 0;
  bool resize_source = false;  // bilinearly, to the destination's size
};

// Both (B, C, H, W) with the same C. mask (..., H, W), 1 where the source shows, is resized to the
// source; without one the source covers. Source and mask are repeated or cut to the batch; what
// lies outside the destination is left out. Throws bad_input for unequal channels.
[[nodiscard]] Array composite(const Array& destination, const Array& source,
                              const Placement& placement, const Array* mask = nullptr);

// The same for pictures (B, H, W, C); the source gets the destination's channels.
[[nodiscard]] Array composite_images(const Array& destination, const Array& source,
                                     const Placement& placement, const Array* mask = nullptr);

}  // namespace sagitta
