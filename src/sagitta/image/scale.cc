#include "sagitta/image/scale.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/limits.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

// To the nearest whole number, halves to the even one.
std::int64_t rounded(double value) { return static_cast<std::int64_t>(std::nearbyint(value)); }

double ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

// a * b / c.
std::int64_t share(std::int64_t a, std::int64_t b, std::int64_t c) {
  return rounded(ratio(a * b, c));
}

// Masks have one channel and no axis for it.
Array channels_first(const Array& x) {
  if (x.rank() == 4) return to_channels_first(x);
  return x.reshaped({x.dim(0), 1, x.dim(1), x.dim(2)});
}

Array channels_back(const Array& x, std::size_t rank) {
  return rank == 4 ? to_channels_last(x) : x.reshaped({x.dim(0), x.dim(2), x.dim(3)});
}

}  // namespace

Size size_of(const Array& x) {
  require((x.rank() == 4 || x.rank() == 3) && x.size() > 0, Fault::bad_input,
          "pictures have four axes and masks three, got {}", to_string(x.shape()));
  return {.height = x.dim(1), .width = x.dim(2)};
}

Array scale(const Array& x, const Size& size, ResizeMethod method, Crop cut) {
  if (size_of(x) == size && method != ResizeMethod::lanczos) return x;
  Shape shape = x.shape();
  shape[1] = size.height;
  shape[2] = size.width;
  require_size(shape, "a picture");
  return channels_back(resize(channels_first(x), size.height, size.width, method, cut), x.rank());
}

std::optional<Size> fill_in_sides(const Size& have, const Size& wanted) {
  if (wanted.height == 0 && wanted.width == 0) return std::nullopt;
  Size size = wanted;
  if (size.width == 0)
    size.width = std::max<std::int64_t>(1, share(have.width, size.height, have.height));
  if (size.height == 0)
    size.height = std::max<std::int64_t>(1, share(have.height, size.width, have.width));
  return size;
}

Size scaled_by(const Size& have, double factor) {
  return {.height = rounded(static_cast<double>(have.height) * factor),
          .width = rounded(static_cast<double>(have.width) * factor)};
}

Size of_total_pixels(const Size& have, double pixels, std::int64_t step) {
  const double factor = std::sqrt(pixels / static_cast<double>(have.width * have.height));
  const auto side = [&](std::int64_t length) {
    return rounded(static_cast<double>(length) * factor / static_cast<double>(step)) * step;
  };
  return {.height = side(have.height), .width = side(have.width)};
}

Size of_longer_side(const Size& have, std::int64_t length) {
  const auto size = static_cast<double>(length);
  if (have.height > have.width) {
    return {.height = length, .width = rounded(ratio(have.width, have.height) * size)};
  }
  return {.height = rounded(ratio(have.height, have.width) * size), .width = length};
}

Size of_shorter_side(const Size& have, std::int64_t length) {
  const auto size = static_cast<double>(length);
  if (have.height < have.width) {
    return {.height = length, .width = rounded(ratio(have.width, have.height) * size)};
  }
  return {.height = rounded(ratio(have.height, have.width) * size), .width = length};
}

Array scale_to_multiple(const Array& x, std::int64_t multiple, ResizeMethod method) {
  const Size have = size_of(x);
  const Size target{.height = have.height / multiple * multiple,
                    .width = have.width / multiple * multiple};
  if (target.height == 0 || target.width == 0 || target == have) return x;
  const double across = ratio(target.width, have.width);
  const double down = ratio(target.height, have.height);
  const auto covering = [](std::int64_t length, double factor, std::int64_t least) {
    return std::max(least,
                    static_cast<std::int64_t>(std::ceil(static_cast<double>(length) * factor)));
  };
  const Size cover =
      across >= down
          ? Size{.height = covering(have.height, across, target.height), .width = target.width}
          : Size{.height = target.height, .width = covering(have.width, down, target.width)};
  const Array scaled = channels_first(scale(x, cover, method));
  return channels_back(crop(scaled, {.y = (cover.height - target.height) / 2,
                                     .x = (cover.width - target.width) / 2,
                                     .height = target.height,
                                     .width = target.width}),
                       x.rank());
}

}  // namespace sagitta
