#include "sagitta/draw/canvas.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <cmath>

namespace sagitta::draw {
namespace {

constexpr std::int64_t kChannels = 3;

void require_image(const Array& image) {
  require(image.rank() == 3 && image.dim(2) == kChannels, Fault::bad_input,
          "an image to draw with has the shape (height, width, 3), got {}",
          to_string(image.shape()));
}

// (1, H, W, 3) is a picture, too.
Array single(const Array& picture) {
  if (picture.rank() != 4 || picture.dim(0) != 1) return picture;
  return picture.reshaped({picture.dim(1), picture.dim(2), picture.dim(3)});
}

}  // namespace

Array blank(const Size& size, const Color& color) {
  require(size.width > 0 && size.height > 0, Fault::bad_input,
          "an image of {}x{} pixels has no pixel", size.width, size.height);
  Array image({size.height, size.width, kChannels});
  fill(image, {}, size, color);
  return image;
}

Size size_of(const Array& image) {
  require_image(image);
  return {.width = image.dim(1), .height = image.dim(0)};
}

void fill(Array& image, const Point& corner, const Size& size, const Color& color) {
  const Size whole = size_of(image);
  const std::int64_t left = std::max<std::int64_t>(corner.x, 0);
  const std::int64_t right = std::min(corner.x + size.width, whole.width);
  const std::int64_t bottom = std::min(corner.y + size.height, whole.height);
  for (std::int64_t y = std::max<std::int64_t>(corner.y, 0); y < bottom; ++y) {
    float* to = image.data() + (y * whole.width + left) * kChannels;
    for (std::int64_t x = left; x < right; ++x) {
      *to++ = color.red;
      *to++ = color.green;
      *to++ = color.blue;
    }
  }
}

void paste(Array& image, const Array& picture, const Point& corner) {
  const Size whole = size_of(image);
  const Array source = single(picture);
  const Size size = size_of(source);
  const std::int64_t left = std::max<std::int64_t>(corner.x, 0);
  const std::int64_t right = std::min(corner.x + size.width, whole.width);
  const std::int64_t bottom = std::min(corner.y + size.height, whole.height);
  if (left >= right) return;
  for (std::int64_t y = std::max<std::int64_t>(corner.y, 0); y < bottom; ++y) {
    const float* from = source.data() + ((y - corner.y) * size.width + left - corner.x) * kChannels;
    std::copy_n(from, (right - left) * kChannels,
                image.data() + (y * whole.width + left) * kChannels);
  }
}

Array tile(const Array& pictures, std::int64_t gap, const Color& color) {
  if (pictures.rank() != 4 || pictures.dim(0) == 1) {
    Array picture = single(pictures);
    require_image(picture);
    return picture;
  }
  const std::int64_t count = pictures.dim(0);
  require(count > 0, Fault::bad_input, "a batch without pictures cannot be drawn");
  const auto columns = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::int64_t rows = (count + columns - 1) / columns;
  const std::int64_t height = pictures.dim(1);
  const std::int64_t width = pictures.dim(2);
  Array image =
      blank({.width = columns * (width + gap) - gap, .height = rows * (height + gap) - gap}, color);
  for (std::int64_t i = 0; i < count; ++i) {
    paste(image, pictures.slice(i, 1),
          {.x = i % columns * (width + gap), .y = i / columns * (height + gap)});
  }
  return image;
}

}  // namespace sagitta::draw
