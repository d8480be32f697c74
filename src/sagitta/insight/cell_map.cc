#include "sagitta/insight/cell_map.h"

#include "sagitta/diffusion/guidance/sag_map.h"

namespace sagitta {

void CellMap::add(const Array& values, Grid grid, const Row& row, const UnetPass& pass) {
  const std::int64_t height = pass.latent_height;
  const std::int64_t width = pass.latent_width;
  if (empty()) {
    sum_ = Array({values.dim(0), height, width});
    weight_ = Array({height, width});
  }
  const Area& area = row.area;
  const Array cells = sag::to_cells(values, grid, area.height, area.width);
  const auto plane = static_cast<std::size_t>(height * width);
  const auto area_plane = static_cast<std::size_t>(area.height * area.width);
  for (std::int64_t y = 0; y < area.height; ++y) {
    for (std::int64_t x = 0; x < area.width; ++x) {
      const auto from = static_cast<std::size_t>(y * area.width + x);
      const auto to = static_cast<std::size_t>((area.y + y) * width + area.x + x);
      const float share = row.weight != nullptr ? (*row.weight)[from] : 1.0F;
      weight_[to] += share;
      for (std::size_t n = 0; n < static_cast<std::size_t>(values.dim(0)); ++n) {
        sum_[n * plane + to] += cells[n * area_plane + from] * share;
      }
    }
  }
}

Array CellMap::mean() const {
  Array result = sum_;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const float weight = weight_[i % weight_.size()];
    result[i] = weight != 0 ? result[i] / weight : 0.0F;
  }
  return result;
}

}  // namespace sagitta
