#include "sagitta/image/masks.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/limits.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

// The extreme of up to three neighbours along one axis.
template <class Pick>
void spread_line(const float* from, float* to, std::int64_t count, std::int64_t stride,
                 const Pick& pick) {
  for (std::int64_t i = 0; i < count; ++i) {
    float best = from[i * stride];
    if (i > 0) best = pick(best, from[(i - 1) * stride]);
    if (i + 1 < count) best = pick(best, from[(i + 1) * stride]);
    to[i * stride] = best;
  }
}

template <class Pick>
void spread_rows(const float* from, float* to, std::int64_t rows, std::int64_t cols,
                 const Pick& pick) {
  for (std::int64_t y = 0; y < rows; ++y)
    spread_line(from + y * cols, to + y * cols, cols, 1, pick);
}

template <class Pick>
void spread_columns(const float* from, float* to, std::int64_t rows, std::int64_t cols,
                    const Pick& pick) {
  for (std::int64_t x = 0; x < cols; ++x) spread_line(from + x, to + x, rows, cols, pick);
}

// One plane, until nothing changes any more.
template <class Pick>
void spread(float* plane, std::int64_t rows, std::int64_t cols, std::int64_t times, bool tapered,
            const Pick& pick) {
  const auto count = static_cast<std::size_t>(rows * cols);
  std::vector<float> across(count);
  std::vector<float> both(count);
  for (std::int64_t i = 0; i < times; ++i) {
    spread_rows(plane, across.data(), rows, cols, pick);
    spread_columns(tapered ? plane : across.data(), both.data(), rows, cols, pick);
    if (tapered) std::ranges::transform(both, across, both.begin(), pick);
    if (std::equal(both.begin(), both.end(), plane)) return;
    std::copy(both.begin(), both.end(), plane);
  }
}

float combined(float a, float b, MaskOperation operation) {
  const auto is_set = [](float value) { return std::nearbyint(value) != 0; };
  switch (operation) {
    case MaskOperation::multiply:
      return a * b;
    case MaskOperation::add:
      return a + b;
    case MaskOperation::subtract:
      return a - b;
    case MaskOperation::logical_and:
      return is_set(a) && is_set(b) ? 1 : 0;
    case MaskOperation::logical_or:
      return is_set(a) || is_set(b) ? 1 : 0;
    case MaskOperation::logical_xor:
      return is_set(a) != is_set(b) ? 1 : 0;
  }
  return 0;
}

}  // namespace

Array grow(const Array& mask, std::int64_t cells, bool tapered_corners) {
  Array out = as_mask(mask);
  const std::int64_t rows = out.dim(1);
  const std::int64_t cols = out.dim(2);
  const auto larger = [](float a, float b) { return std::max(a, b); };
  const auto smaller = [](float a, float b) { return std::min(a, b); };
  for (std::int64_t i = 0; i < out.dim(0); ++i) {
    float* plane = out.data() + i * rows * cols;
    if (cells >= 0) {
      spread(plane, rows, cols, cells, tapered_corners, larger);
    } else {
      spread(plane, rows, cols, -cells, tapered_corners, smaller);
    }
  }
  return out;
}

Array feather(const Array& mask, const Edges& edges) {
  Array out = as_mask(mask);
  const std::int64_t rows = out.dim(1);
  const std::int64_t cols = out.dim(2);
  const auto rate = [](std::int64_t i, std::int64_t width) {
    return static_cast<float>(static_cast<double>(i + 1) / static_cast<double>(width));
  };
  const auto column = [&](std::int64_t x, float factor) {
    for (std::int64_t y = 0; y < out.dim(0) * rows; ++y) out.data()[y * cols + x] *= factor;
  };
  const auto row = [&](std::int64_t y, float factor) {
    for (std::int64_t i = 0; i < out.dim(0); ++i) {
      float* const first = out.data() + (i * rows + y) * cols;
      std::for_each(first, first + cols, [&](float& value) { value *= factor; });
    }
  };
  const std::int64_t left = std::min(edges.left, cols);
  const std::int64_t right = std::min(edges.right, cols);
  const std::int64_t top = std::min(edges.top, rows);
  const std::int64_t bottom = std::min(edges.bottom, rows);
  for (std::int64_t x = 0; x < left; ++x) column(x, rate(x, left));
  for (std::int64_t x = 0; x < right; ++x) column(cols - 1 - x, rate(x, right));
  for (std::int64_t y = 0; y < top; ++y) row(y, rate(y, top));
  for (std::int64_t y = 0; y < bottom; ++y) row(rows - 1 - y, rate(y, bottom));
  return out;
}

Array threshold(const Array& mask, float value) {
  Array out = as_mask(mask);
  for (float& cell : out.values()) cell = cell > value ? 1.0F : 0.0F;
  return out;
}

MaskOperation mask_operation(std::string_view name) {
  if (name == "multiply") return MaskOperation::multiply;
  if (name == "add") return MaskOperation::add;
  if (name == "subtract") return MaskOperation::subtract;
  if (name == "and") return MaskOperation::logical_and;
  if (name == "or") return MaskOperation::logical_or;
  if (name == "xor") return MaskOperation::logical_xor;
  throw Error(Fault::bad_input, fmt::format("there is no operation \"{}\" for masks", name));
}

Array combine(const Array& destination, const Array& source, std::int64_t x, std::int64_t y,
              MaskOperation operation) {
  Array out = as_mask(destination);
  const Array other = as_mask(source);
  const std::int64_t batch = out.dim(0);
  require(other.dim(0) == 1 || other.dim(0) == batch, Fault::bad_input,
          "{} masks cannot be combined with {}: one, or as many, are needed", other.dim(0), batch);
  const std::int64_t rows = std::clamp<std::int64_t>(out.dim(1) - y, 0, other.dim(1));
  const std::int64_t cols = std::clamp<std::int64_t>(out.dim(2) - x, 0, other.dim(2));
  for (std::int64_t i = 0; i < batch; ++i) {
    for (std::int64_t row = 0; row < rows; ++row) {
      float* to = out.data() + (i * out.dim(1) + y + row) * out.dim(2) + x;
      const float* from = other.data() + ((i % other.dim(0)) * other.dim(1) + row) * other.dim(2);
      std::transform(to, to + cols, from, to,
                     [&](float a, float b) { return combined(a, b, operation); });
    }
  }
  for (float& value : out.values()) value = std::clamp(value, 0.0F, 1.0F);
  return out;
}

Array crop_mask(const Array& mask, std::int64_t x, std::int64_t y, std::int64_t width,
                std::int64_t height) {
  const Array planes = as_mask(mask);
  require(x < planes.dim(2) && y < planes.dim(1), Fault::bad_input,
          "the corner at x {}, y {} lies outside the mask of {}x{}", x, y, planes.dim(2),
          planes.dim(1));
  return crop(planes, {.y = y,
                       .x = x,
                       .height = std::min(height, planes.dim(1) - y),
                       .width = std::min(width, planes.dim(2) - x)});
}

Array solid_mask(float value, std::int64_t height, std::int64_t width) {
  const Shape shape{1, height, width};
  require_size(shape, "a mask");
  return Array(shape, value);
}

}  // namespace sagitta
