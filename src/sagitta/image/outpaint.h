// Pictures with room around them, to be painted.
#pragma once

#include "sagitta/image/masks.h"

namespace sagitta {

struct Padded {
  Array images;  // (B, H, W, C), grey around the pictures
  Array mask;    // (1, H, W), 1 where it is to be painted
};

// The mask reaches `feathering` cells into the picture from each side with room, falling with the
// square of the distance; not so in pictures that are too small for it. Throws bad_input for
// results beyond kMostValues.
[[nodiscard]] Padded pad_for_outpainting(const Array& images, const Edges& room,
                                         std::int64_t feathering);

}  // namespace sagitta
