// Batches and planes of host arrays: what image, mask and latent operations share.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// A rectangle of a plane; it lies inside.
struct Box {
  std::int64_t y = 0;
  std::int64_t x = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

// An array of rank >= 2 as (N, H, W). Throws bad_input for one without elements.
[[nodiscard]] Array as_mask(const Array& x);

// The box of every plane of x, whose last two axes are rows and columns. Throws bad_input for a box
// that is empty or leaves the plane.
[[nodiscard]] Array crop(const Array& x, const Box& box);

// The largest box around the centre of a plane with sides that are multiples of `multiple`. Throws
// bad_input where nothing would be left.
[[nodiscard]] Box multiple_box(std::int64_t height, std::int64_t width, std::int64_t multiple);

// That box of images (B, H, W, C).
[[nodiscard]] Array crop_to_multiple(const Array& images, std::int64_t multiple);

// The first `channels` of images (B, H, W, C), which has as many or more.
[[nodiscard]] Array first_channels(const Array& images, std::int64_t channels);

// The first `count` items, the batch repeated from its start as often as needed.
[[nodiscard]] Array repeat_to_batch(const Array& x, std::int64_t count);

// `count` items picked evenly: the first and the last stay where there are fewer than before, every
// item is repeated in place where there are more.
[[nodiscard]] Array spread_to_batch(const Array& x, std::int64_t count);

// The batch, `times` times one after the other.
[[nodiscard]] Array repeated(const Array& x, std::int64_t times);

}  // namespace sagitta
