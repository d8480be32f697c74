#include "sagitta/diffusion/inpaint.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

// Sums of `size` neighbours along one axis of length `count` and stride `stride`, beginning
// `before` cells before each; cells outside count nothing.
void box_sums(const float* from, float* to, std::int64_t count, std::int64_t stride, std::int64_t size,
              std::int64_t before) {
  for (std::int64_t i = 0; i < count; ++i) {
    float sum = 0;
    const std::int64_t end = std::min(count, i - before + size);
    for (std::int64_t k = std::max<std::int64_t>(0, i - before); k < end; ++k) sum += from[k * stride];
    to[i * stride] = sum;
  }
}

}  // namespace

MaskedPixels fit_mask_to_pixels(const Array& pixels, const Array& mask, std::int64_t multiple) {
  require(pixels.rank() == 4 && pixels.size() > 0, Fault::bad_input,
          "an image batch has four axes, got {}", to_string(pixels.shape()));
  const Array planes = as_mask(mask);
  const Array fitted =
      resize_bilinear(planes.reshaped({planes.dim(0), 1, planes.dim(1), planes.dim(2)}), pixels.dim(1),
                      pixels.dim(2));
  return {.pixels = crop_to_multiple(pixels, multiple),
          .mask = crop(fitted, multiple_box(pixels.dim(1), pixels.dim(2), multiple))};
}

Array grey_out(const MaskedPixels& masked) {
  constexpr float kGrey = 0.5F;
  constexpr std::int64_t kColours = 3;
  const Array mask = repeat_to_batch(masked.mask, masked.pixels.dim(0));
  Array out = masked.pixels;
  const std::int64_t channels = out.dim(3);
  for (std::size_t cell = 0; cell < mask.size(); ++cell) {
    float* pixel = out.data() + static_cast<std::int64_t>(cell) * channels;
    const float keep = 1 - std::nearbyint(mask[cell]);
    for (std::int64_t c = 0; c < std::min(kColours, channels); ++c) {
      pixel[c] = (pixel[c] - kGrey) * keep + kGrey;
    }
  }
  return out;
}

Array grow_square(const Array& mask, std::int64_t size) {
  Array rounded = mask;
  for (float& value : rounded.values()) value = std::nearbyint(value);
  if (size == 0) return rounded;
  const std::int64_t before = size / 2;  // the rounded-up half of size - 1
  const std::int64_t rows = mask.dim(mask.rank() - 2);
  const std::int64_t cols = mask.dim(mask.rank() - 1);
  Array wide(mask.shape());
  Array out(mask.shape());
  const std::int64_t planes = static_cast<std::int64_t>(mask.size()) / (rows * cols);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const std::int64_t start = plane * rows * cols;
    for (std::int64_t y = 0; y < rows; ++y) {
      const std::int64_t row = start + y * cols;
      box_sums(rounded.data() + row, wide.data() + row, cols, 1, size, before);
    }
    for (std::int64_t x = 0; x < cols; ++x) {
      box_sums(wide.data() + start + x, out.data() + start + x, rows, cols, size, before);
    }
  }
  for (float& value : out.values()) value = std::nearbyint(std::clamp(value, 0.0F, 1.0F));
  return out;
}

}  // namespace sagitta
