// Pictures and masks made ready for inpainting. Pictures are (B, H, W, C) in 0..1, masks (N, H, W)
// of any size with 1 where the picture is to be changed; N is 1 or B.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

struct MaskedPixels {
  Array pixels;  // sides are multiples of the VAE's downscale
  Array mask;    // (N, 1, H, W), of the same size, not rounded
};

// Resizes the mask bilinearly to the picture and cuts both around the centre to multiples of
// `multiple` pixels. Throws bad_input for a picture smaller than that.
[[nodiscard]] MaskedPixels fit_mask_to_pixels(const Array& pixels, const Array& mask,
                                              std::int64_t multiple);

// The picture with grey where the mask, rounded, is 1.
[[nodiscard]] Array grey_out(const MaskedPixels& masked);

// The mask rounded, with every 1 grown to a square of `size` pixels around it (for an even size one
// pixel more towards the lower right corner). A size of 0 only rounds.
[[nodiscard]] Array grow_square(const Array& mask, std::int64_t size);

}  // namespace sagitta
