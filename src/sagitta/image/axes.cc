#include "sagitta/image/axes.h"

#include "sagitta/base/error.h"

#include <algorithm>

namespace sagitta {
namespace {

// An array as (before, axis, behind).
struct Split {
  std::int64_t before = 1;
  std::int64_t size = 0;
  std::int64_t behind = 1;
};

Split split(const Array& x, std::size_t axis) {
  require(axis < x.rank(), Fault::bad_input, "an array of shape {} has no axis {}",
          to_string(x.shape()), axis);
  Split parts{.size = x.dim(axis)};
  for (std::size_t i = 0; i < axis; ++i) parts.before *= x.dim(i);
  for (std::size_t i = axis + 1; i < x.rank(); ++i) parts.behind *= x.dim(i);
  return parts;
}

// (.., H, W) -> (.., W, H); the first row becomes the last column.
Array quarter_turn(const Array& x) {
  Shape shape = x.shape();
  const std::int64_t cols = shape[shape.size() - 1];
  const std::int64_t rows = shape[shape.size() - 2];
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  Array out(shape);
  const std::int64_t planes = split(x, x.rank() - 2).before;
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const float* from = x.data() + plane * rows * cols;
    float* to = out.data() + plane * rows * cols;
    for (std::int64_t y = 0; y < rows; ++y) {
      for (std::int64_t c = 0; c < cols; ++c) to[c * rows + (rows - 1 - y)] = *from++;
    }
  }
  return out;
}

}  // namespace

Array narrow(const Array& x, std::size_t axis, std::int64_t begin, std::int64_t count) {
  const Split parts = split(x, axis);
  require(begin >= 0 && count >= 0 && begin <= parts.size && count <= parts.size - begin,
          Fault::bad_input, "{} places from {} on are not all in axis {} of shape {}", count, begin,
          axis, to_string(x.shape()));
  Shape shape = x.shape();
  shape[axis] = count;
  Array out(shape);
  float* to = out.data();
  for (std::int64_t i = 0; i < parts.before; ++i) {
    to = std::copy_n(x.data() + (i * parts.size + begin) * parts.behind, count * parts.behind, to);
  }
  return out;
}

Array join(const Array& a, const Array& b, std::size_t axis) {
  const Split first = split(a, axis);
  Shape shape = b.shape();
  if (axis < shape.size()) shape[axis] = first.size;
  require(shape == a.shape(), Fault::bad_input, "shapes {} and {} cannot be joined along axis {}",
          to_string(a.shape()), to_string(b.shape()), axis);
  const Split second = split(b, axis);
  shape[axis] = first.size + second.size;
  Array out(shape);
  float* to = out.data();
  for (std::int64_t i = 0; i < first.before; ++i) {
    const std::int64_t length = first.size * first.behind;
    const std::int64_t more = second.size * second.behind;
    to = std::copy_n(a.data() + i * length, length, to);
    to = std::copy_n(b.data() + i * more, more, to);
  }
  return out;
}

Array mirrored(const Array& x, std::size_t axis) {
  const Split parts = split(x, axis);
  Array out(x.shape());
  float* to = out.data();
  for (std::int64_t i = 0; i < parts.before; ++i) {
    for (std::int64_t k = parts.size - 1; k >= 0; --k) {
      to = std::copy_n(x.data() + (i * parts.size + k) * parts.behind, parts.behind, to);
    }
  }
  return out;
}

Array turned(const Array& x, int right_angles) {
  require(x.rank() >= 2, Fault::bad_input, "an array of shape {} has no planes",
          to_string(x.shape()));
  constexpr int kFull = 4;
  const int turns = (right_angles % kFull + kFull) % kFull;
  const Array half = turns >= 2 ? mirrored(mirrored(x, x.rank() - 1), x.rank() - 2) : x;
  return turns % 2 == 0 ? half : quarter_turn(half);
}

}  // namespace sagitta
