#include "sagitta/image/batch.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

// Item pick(i) of x for every i below count.
template <class Pick>
Array gather(const Array& x, std::int64_t count, const Pick& pick) {
  require(x.rank() >= 1 && x.size() > 0, Fault::bad_input, "a batch of shape {} is empty",
          to_string(x.shape()));
  Shape shape = x.shape();
  shape[0] = count;
  Array out(shape);
  const std::int64_t item = static_cast<std::int64_t>(x.size()) / x.dim(0);
  for (std::int64_t i = 0; i < count; ++i) {
    std::copy_n(x.data() + pick(i) * item, item, out.data() + i * item);
  }
  return out;
}

}  // namespace

Array as_mask(const Array& x) {
  require(x.rank() >= 2 && x.size() > 0, Fault::bad_input, "a mask of shape {} is not a picture",
          to_string(x.shape()));
  const std::int64_t rows = x.dim(x.rank() - 2);
  const std::int64_t cols = x.dim(x.rank() - 1);
  return x.reshaped({static_cast<std::int64_t>(x.size()) / (rows * cols), rows, cols});
}

Array crop(const Array& x, const Box& box) {
  require(x.rank() >= 2, Fault::bad_input, "an array of shape {} has no planes",
          to_string(x.shape()));
  Shape shape = x.shape();
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t cols = shape.back();
  require(box.height > 0 && box.width > 0 && box.y >= 0 && box.x >= 0 && box.y + box.height <= rows &&
              box.x + box.width <= cols,
          Fault::bad_input, "the box of {}x{} at x {}, y {} does not lie in a plane of {}x{}", box.width,
          box.height, box.x, box.y, cols, rows);
  shape[shape.size() - 2] = box.height;
  shape.back() = box.width;
  Array out(shape);
  float* to = out.data();
  const std::int64_t planes = static_cast<std::int64_t>(x.size()) / (rows * cols);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for (std::int64_t y = 0; y < box.height; ++y) {
      to = std::copy_n(x.data() + (plane * rows + box.y + y) * cols + box.x, box.width, to);
    }
  }
  return out;
}

Box multiple_box(std::int64_t height, std::int64_t width, std::int64_t multiple) {
  require(height >= multiple && width >= multiple, Fault::bad_input,
          "an image of {}x{} pixels is too small to encode: at least {}x{} are needed", width, height,
          multiple, multiple);
  return {.y = height % multiple / 2,
          .x = width % multiple / 2,
          .height = height / multiple * multiple,
          .width = width / multiple * multiple};
}

Array crop_to_multiple(const Array& images, std::int64_t multiple) {
  require(images.rank() == 4, Fault::bad_input, "an image batch has four axes, got {}",
          to_string(images.shape()));
  const Box box = multiple_box(images.dim(1), images.dim(2), multiple);
  if (box.height == images.dim(1) && box.width == images.dim(2)) return images;
  return to_channels_last(crop(to_channels_first(images), box));
}

Array first_channels(const Array& images, std::int64_t channels) {
  if (images.dim(3) == channels) return images;
  Array out({images.dim(0), images.dim(1), images.dim(2), channels});
  const float* from = images.data();
  for (float* to = out.data(); to != out.data() + out.size(); from += images.dim(3)) {
    to = std::copy_n(from, channels, to);
  }
  return out;
}

Array repeat_to_batch(const Array& x, std::int64_t count) {
  if (x.rank() > 0 && x.dim(0) == count) return x;
  return gather(x, count, [&](std::int64_t i) { return i % x.dim(0); });
}

Array spread_to_batch(const Array& x, std::int64_t count) {
  const std::int64_t have = x.dim(0);
  if (have == count) return x;
  if (count <= 1) return x.slice(0, std::min(count, have));
  const auto last = static_cast<double>(have - 1);
  const double shrink = last / static_cast<double>(count - 1);
  const double grow = static_cast<double>(have) / static_cast<double>(count);
  return gather(x, count, [&](std::int64_t i) {
    const auto at = static_cast<double>(i);
    return static_cast<std::int64_t>(
        std::min(count < have ? std::nearbyint(at * shrink) : std::floor((at + 0.5) * grow), last));
  });
}

Array repeated(const Array& x, std::int64_t times) {
  return gather(x, x.dim(0) * times, [&](std::int64_t i) { return i % x.dim(0); });
}

}  // namespace sagitta
