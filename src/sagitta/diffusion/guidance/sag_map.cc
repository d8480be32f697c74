#include "sagitta/diffusion/guidance/sag_map.h"

#include "sagitta/base/error.h"
#include "sagitta/image/resize.h"

#include <algorithm>

namespace sagitta::sag {

void ReceivedMap::add(const ReceivedAttention& seen, Role role, Upsampling how) {
  const UnetPass& pass = seen.pass;
  int items = 0;
  for (const Row& row : pass.rows) items = std::max(items, row.item + 1);
  const Shape shape{items, pass.latent_height, pass.latent_width};
  if (sum.shape() != shape) {
    sum = Array(shape);
    weight = Array(shape);
  }
  for (std::size_t i = 0; i < pass.rows.size(); ++i) {
    const Row& row = pass.rows[i];
    if (row.role != role) continue;
    const Area& area = row.area;
    const Array cells = to_cells(seen.values.slice(static_cast<std::int64_t>(i), 1), seen.grid,
                                 area.height, area.width, how);
    for (std::int64_t y = 0; y < area.height; ++y) {
      for (std::int64_t x = 0; x < area.width; ++x) {
        const auto from = static_cast<std::size_t>(y * area.width + x);
        const auto to = static_cast<std::size_t>(
            (row.item * pass.latent_height + area.y + y) * pass.latent_width + area.x + x);
        const float share = row.weight != nullptr ? (*row.weight)[from] : 1.0F;
        sum[to] += cells[from] * share;
        weight[to] += share;
      }
    }
  }
}

Array ReceivedMap::mean() const {
  Array result = sum;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = weight[i] != 0 ? result[i] / weight[i] : 0.0F;
  }
  return result;
}

Array to_cells(const Array& values, Grid grid, std::int64_t height, std::int64_t width,
               Upsampling how) {
  require(values.rank() == 2 && values.dim(1) == grid.rows * grid.cols, Fault::internal,
          "values of shape {} do not fit a grid of {}x{}", to_string(values.shape()), grid.rows,
          grid.cols);
  if (how == Upsampling::bilinear) {
    return resize_bilinear(values.reshaped({values.dim(0), grid.rows, grid.cols}), height, width);
  }
  const auto source = [](std::int64_t i, std::int64_t from, std::int64_t to) {
    const float ratio = static_cast<float>(from) / static_cast<float>(to);
    return std::min(static_cast<std::int64_t>(static_cast<float>(i) * ratio), from - 1);
  };
  Array out({values.dim(0), height, width});
  std::size_t i = 0;
  for (std::int64_t n = 0; n < values.dim(0); ++n) {
    for (std::int64_t y = 0; y < height; ++y) {
      const std::int64_t row = (n * grid.rows + source(y, grid.rows, height)) * grid.cols;
      for (std::int64_t x = 0; x < width; ++x) {
        out[i++] = values[static_cast<std::size_t>(row + source(x, grid.cols, width))];
      }
    }
  }
  return out;
}

Array mask(Array received, float threshold) {
  for (float& value : received.values()) value = value > threshold ? 1.0F : 0.0F;
  return received;
}

Array soft_mask(Array received, float threshold) {
  constexpr float kHalfWidth = 0.5F;
  for (float& value : received.values()) {
    const float t = std::clamp((value - threshold) / (2 * kHalfWidth) + kHalfWidth, 0.0F, 1.0F);
    value = t * t * (3 - 2 * t);
  }
  return received;
}

Array degrade(const Array& x0, const Array& blurred, const Array& mask) {
  Array out = x0;
  const auto cells = static_cast<std::size_t>(x0.dim(2) * x0.dim(3));
  const auto channels = static_cast<std::size_t>(x0.dim(1));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float share = mask[i / (channels * cells) * cells + i % cells];
    out[i] = blurred[i] * share + x0[i] * (1 - share);
  }
  return out;
}

}  // namespace sagitta::sag
