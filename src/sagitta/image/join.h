// Pictures or masks of several batches as one batch.
#pragma once

#include "sagitta/core/array.h"

#include <span>
#include <vector>

namespace sagitta {

// One after the other. Those of another size than the first are cut to its aspect ratio and
// resized; an alpha channel that some have is opaque in the others. Throws bad_input for no
// pictures.
[[nodiscard]] Array join_images(std::span<const Array> batches);

// The same for masks (..., H, W).
[[nodiscard]] Array join_masks(std::span<const Array> batches);

// All pictures, in batches of `size` and a last one with the rest. Throws bad_input where the sizes
// of pictures of one batch differ.
[[nodiscard]] std::vector<Array> rebatched(std::span<const Array> batches, std::int64_t size);

}  // namespace sagitta
