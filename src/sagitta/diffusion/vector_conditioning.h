// The vector conditioning of SDXL (Podell et al. 2023): the pooled text and sinusoidal embeddings of
// the sizes with which a picture was trained.
#pragma once

#include "sagitta/core/array.h"

#include <optional>

namespace sagitta {

// All in pixels.
struct SizeConditioning {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t crop_w = 0;
  std::int64_t crop_h = 0;
  std::int64_t target_width = 0;
  std::int64_t target_height = 0;
  // The refiner's, in the place of the target size; none: 6, or 2.5 in a negative conditioning.
  std::optional<float> aesthetic_score = {};
};

// (1, width): [pooled, embeddings of 256]. The base model wants height, width, crop_h, crop_w,
// target_height, target_width; the refiner, whose vector is 256 shorter, the score instead of the
// last two. Throws bad_input if the pooled text does not fit the width.
[[nodiscard]] Array vector_conditioning(const Array& pooled, const SizeConditioning& sizes,
                                        std::int64_t width, bool negative = false);

}  // namespace sagitta
