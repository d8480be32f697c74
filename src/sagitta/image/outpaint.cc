#include "sagitta/image/outpaint.h"

#include "sagitta/image/channels.h"
#include "sagitta/image/limits.h"

#include <algorithm>

namespace sagitta {
namespace {

constexpr float kGrey = 0.5F;

}  // namespace

Padded pad_for_outpainting(const Array& images, const Edges& room, std::int64_t feathering) {
  require_images(images);
  const std::int64_t rows = images.dim(1);
  const std::int64_t cols = images.dim(2);
  const std::int64_t channels = images.dim(3);
  const std::int64_t height = rows + room.top + room.bottom;
  const std::int64_t width = cols + room.left + room.right;
  const Shape shape{images.dim(0), height, width, channels};
  require_size(shape, "a padded picture");
  Padded out{.images = Array(shape, kGrey), .mask = Array({1, height, width}, 1)};
  for (std::int64_t i = 0; i < images.dim(0); ++i) {
    for (std::int64_t y = 0; y < rows; ++y) {
      std::copy_n(images.data() + (i * rows + y) * cols * channels, cols * channels,
                  out.images.data() + ((i * height + room.top + y) * width + room.left) * channels);
    }
  }
  const bool soft = feathering > 0 && feathering * 2 < rows && feathering * 2 < cols;
  for (std::int64_t y = 0; y < rows; ++y) {
    float* const row = out.mask.data() + (room.top + y) * width + room.left;
    for (std::int64_t x = 0; x < cols; ++x) {
      const std::int64_t distance =
          std::min({room.top != 0 ? y : rows, room.bottom != 0 ? rows - y : rows,
                    room.left != 0 ? x : cols, room.right != 0 ? cols - x : cols});
      const double share =
          soft && distance < feathering
              ? static_cast<double>(feathering - distance) / static_cast<double>(feathering)
              : 0;
      row[x] = static_cast<float>(share * share);
    }
  }
  return out;
}

}  // namespace sagitta
