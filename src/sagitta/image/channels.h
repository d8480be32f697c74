// Channels of pictures: alpha, single channels as masks, masks as pictures.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// Throws bad_input unless x is a batch of pictures (B, H, W, C) with something in it.
void require_images(const Array& x);

// Pictures with the given number of channels: what is too much is cut off, an alpha channel that is
// missing is opaque. Throws bad_input where more than one channel is missing.
[[nodiscard]] Array with_channels(const Array& images, std::int64_t channels);

// One channel of pictures as masks (B, H, W). Throws bad_input where there are fewer channels.
[[nodiscard]] Array channel_of(const Array& images, std::int64_t channel);

// Masks (..., H, W) as grey pictures (B, H, W, 3).
[[nodiscard]] Array grey_images(const Array& mask);

// 1 where a picture has the colour 0xRRGGBB, rounded to 8 bits, else 0.
[[nodiscard]] Array mask_of_colour(const Array& images, std::int64_t colour);

// Masks are 1 where a picture is transparent.
struct WithAlpha {
  Array images;  // (B, H, W, 3 or fewer)
  Array mask;    // (B, H, W)
};
[[nodiscard]] WithAlpha split_alpha(const Array& images);
// RGBA pictures; the masks are brought to their size, the shorter batch is repeated.
[[nodiscard]] Array join_alpha(const Array& images, const Array& mask);

// (B, H, W, 3) of one colour 0xRRGGBB. Throws bad_input for sizes beyond kMostValues.
[[nodiscard]] Array plain_images(std::int64_t batch, std::int64_t height, std::int64_t width,
                                 std::int64_t colour);

// 1 - x, of every value.
[[nodiscard]] Array inverted(Array x);

}  // namespace sagitta
