#include "sagitta/image/resize.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/bislerp.h"
#include "sagitta/image/lanczos.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace sagitta {
namespace {

// Which source cells make one target cell, and how much each counts.
struct Tap {
  std::int64_t source = 0;
  float weight = 0;
};
using Taps = std::vector<std::vector<Tap>>;  // one list per target index

// Where the centre of a target cell lies among the source's cells.
float source_position(std::int64_t target, float ratio) {
  return ratio * (static_cast<float>(target) + 0.5F) - 0.5F;
}

std::vector<Tap> nearest_tap(std::int64_t i, std::int64_t from, float ratio) {
  const auto at = static_cast<std::int64_t>(std::floor(ratio * (static_cast<float>(i) + 0.5F)));
  return {{.source = std::min(at, from - 1), .weight = 1}};
}

std::vector<Tap> linear_taps(std::int64_t i, std::int64_t from, float ratio) {
  const float at = std::max(0.0F, source_position(i, ratio));
  const auto first = std::min(static_cast<std::int64_t>(at), from - 1);
  const float weight = at - static_cast<float>(first);
  return {{.source = first, .weight = 1 - weight},
          {.source = std::min(first + 1, from - 1), .weight = weight}};
}

std::vector<Tap> cubic_taps(std::int64_t i, std::int64_t from, float ratio) {
  constexpr float kA = -0.75F;
  const auto inner = [](float x) { return ((kA + 2) * x - (kA + 3)) * x * x + 1; };
  const auto outer = [](float x) { return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA; };
  const float at = source_position(i, ratio);
  const float floor = std::floor(at);
  const float t = at - floor;
  const std::array<float, 4> weights{outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
  std::vector<Tap> taps;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const std::int64_t source = static_cast<std::int64_t>(floor) - 1 + static_cast<std::int64_t>(k);
    taps.push_back({.source = std::clamp<std::int64_t>(source, 0, from - 1), .weight = weights[k]});
  }
  return taps;
}

std::vector<Tap> area_taps(std::int64_t i, std::int64_t from, std::int64_t to) {
  const std::int64_t begin = i * from / to;
  const std::int64_t end = ((i + 1) * from + to - 1) / to;
  std::vector<Tap> taps;
  for (std::int64_t s = begin; s < end; ++s) {
    taps.push_back({.source = s, .weight = 1 / static_cast<float>(end - begin)});
  }
  return taps;
}

Taps make_taps(ResizeMethod method, std::int64_t from, std::int64_t to) {
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  Taps all;
  for (std::int64_t i = 0; i < to; ++i) {
    switch (method) {
      case ResizeMethod::nearest_exact:
        all.push_back(nearest_tap(i, from, ratio));
        break;
      case ResizeMethod::bicubic:
        all.push_back(cubic_taps(i, from, ratio));
        break;
      case ResizeMethod::area:
        all.push_back(area_taps(i, from, to));
        break;
      default:
        all.push_back(linear_taps(i, from, ratio));
    }
  }
  return all;
}

// Rows first, then columns. planes: (count, rows, cols).
Array resize_separably(const Array& x, const Shape& shape, const Taps& down, const Taps& across) {
  const std::int64_t rows = x.dim(x.rank() - 2);
  const std::int64_t cols = x.dim(x.rank() - 1);
  const auto width = static_cast<std::int64_t>(across.size());
  const std::int64_t planes = static_cast<std::int64_t>(x.size()) / (rows * cols);
  Array out(shape);
  std::vector<float> wide(static_cast<std::size_t>(rows * width));
  float* to = out.data();
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const float* source = x.data() + plane * rows * cols;
    std::size_t i = 0;
    for (std::int64_t y = 0; y < rows; ++y, source += cols) {
      for (const std::vector<Tap>& taps : across) {
        float sum = 0;
        for (const Tap& tap : taps) sum += source[tap.source] * tap.weight;
        wide[i++] = sum;
      }
    }
    for (const std::vector<Tap>& taps : down) {
      std::fill_n(to, width, 0.0F);
      for (const Tap& tap : taps) {
        const float* row = wide.data() + tap.source * width;
        for (std::int64_t c = 0; c < width; ++c) to[c] += row[c] * tap.weight;
      }
      to += width;
    }
  }
  return out;
}

Box box_of_aspect(std::int64_t rows, std::int64_t cols, std::int64_t height, std::int64_t width) {
  const auto old_height = static_cast<double>(rows);
  const auto old_width = static_cast<double>(cols);
  const double old_aspect = old_width / old_height;
  const double new_aspect = static_cast<double>(width) / static_cast<double>(height);
  Box box{.y = 0, .x = 0, .height = rows, .width = cols};
  const auto margin = [](double size, double share) {
    return static_cast<std::int64_t>(std::nearbyint((size - size * share) / 2));
  };
  if (old_aspect > new_aspect) box.x = margin(old_width, new_aspect / old_aspect);
  if (old_aspect < new_aspect) box.y = margin(old_height, old_aspect / new_aspect);
  box.height -= 2 * box.y;
  box.width -= 2 * box.x;
  return box;
}

}  // namespace

ResizeMethod resize_method(std::string_view name) {
  if (name == "nearest-exact") return ResizeMethod::nearest_exact;
  if (name == "bilinear") return ResizeMethod::bilinear;
  if (name == "area") return ResizeMethod::area;
  if (name == "bicubic") return ResizeMethod::bicubic;
  if (name == "bislerp") return ResizeMethod::bislerp;
  if (name == "lanczos") return ResizeMethod::lanczos;
  throw Error(Fault::bad_input, fmt::format("there is no resizing method \"{}\"", name));
}

Array resize(const Array& x, std::int64_t height, std::int64_t width, ResizeMethod method) {
  require(x.rank() >= 2 && x.size() > 0, Fault::bad_input, "an array of shape {} has no planes",
          to_string(x.shape()));
  require(height > 0 && width > 0, Fault::bad_input, "cannot resize to {}x{}: a side has no size",
          width, height);
  if (method == ResizeMethod::bislerp) return resize_bislerp(x, height, width);
  if (method == ResizeMethod::lanczos) return resize_lanczos(x, height, width);
  Shape shape = x.shape();
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t cols = shape.back();
  if (rows == height && cols == width) return x;
  shape[shape.size() - 2] = height;
  shape.back() = width;
  return resize_separably(x, shape, make_taps(method, rows, height), make_taps(method, cols, width));
}

Array resize(const Array& x, std::int64_t height, std::int64_t width, ResizeMethod method, Crop cut) {
  if (cut == Crop::none || height <= 0 || width <= 0) return resize(x, height, width, method);
  const std::int64_t rows = x.dim(x.rank() - 2);
  const std::int64_t cols = x.dim(x.rank() - 1);
  const Box box = box_of_aspect(rows, cols, height, width);
  if (box.height == rows && box.width == cols) return resize(x, height, width, method);
  return resize(crop(x, box), height, width, method);
}

}  // namespace sagitta
