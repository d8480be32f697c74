#include "sagitta/diffusion/resize.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sagitta {
namespace {

// For each target index the two source indices and the weight of the second.
struct Tap {
  std::int64_t first = 0;
  std::int64_t second = 0;
  float weight = 0;
};

std::vector<Tap> taps(std::int64_t from, std::int64_t to) {
  std::vector<Tap> all(static_cast<std::size_t>(to));
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    const float at = std::max(0.0F, ratio * (static_cast<float>(i) + 0.5F) - 0.5F);
    const auto first = std::min(static_cast<std::int64_t>(at), from - 1);
    all[static_cast<std::size_t>(i)] = {.first = first,
                                        .second = std::min(first + 1, from - 1),
                                        .weight = at - static_cast<float>(first)};
  }
  return all;
}

}  // namespace

Array resize_bilinear(const Array& x, std::int64_t height, std::int64_t width) {
  require(x.rank() >= 2 && x.size() > 0, Fault::bad_input, "an array of shape {} has no planes",
          to_string(x.shape()));
  Shape shape = x.shape();
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t cols = shape.back();
  if (rows == height && cols == width) return x;
  shape[shape.size() - 2] = height;
  shape.back() = width;
  Array out(shape);
  const std::vector<Tap> down = taps(rows, height);
  const std::vector<Tap> across = taps(cols, width);
  const std::int64_t planes = static_cast<std::int64_t>(x.size()) / (rows * cols);
  std::size_t i = 0;
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const float* source = x.data() + plane * rows * cols;
    for (const Tap& y : down) {
      const float* above = source + y.first * cols;
      const float* below = source + y.second * cols;
      for (const Tap& t : across) {
        const float top = above[t.first] * (1 - t.weight) + above[t.second] * t.weight;
        const float bottom = below[t.first] * (1 - t.weight) + below[t.second] * t.weight;
        out[i++] = top * (1 - y.weight) + bottom * y.weight;
      }
    }
  }
  return out;
}

}  // namespace sagitta
