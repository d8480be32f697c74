#include "sagitta/image/composite.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/resize.h"

#include <algorithm>

namespace sagitta {
namespace {

struct Overlap {
  std::int64_t first = 0;  // in the source
  std::int64_t count = 0;
};

Overlap overlap(std::int64_t at, std::int64_t source, std::int64_t destination) {
  const std::int64_t first = std::clamp<std::int64_t>(-at, 0, source);
  return {.first = first,
          .count = std::clamp<std::int64_t>(destination - at, first, source) - first};
}

}  // namespace

Array composite(const Array& destination, const Array& source, const Placement& placement,
                const Array* mask) {
  require(
      destination.rank() == 4 && source.rank() == 4 && destination.size() > 0 && source.size() > 0,
      Fault::bad_input, "a composite takes two batches with four axes, got {} and {}",
      to_string(destination.shape()), to_string(source.shape()));
  require(destination.dim(1) == source.dim(1), Fault::bad_input,
          "{} channels cannot be laid over {}", source.dim(1), destination.dim(1));
  Array out = destination;
  const std::int64_t height = out.dim(2);
  const std::int64_t width = out.dim(3);
  const Array over = repeat_to_batch(
      placement.resize_source ? resize_bilinear(source, height, width) : source, out.dim(0));
  const std::int64_t rows = over.dim(2);
  const std::int64_t cols = over.dim(3);
  const Array weight =
      mask == nullptr ? Array({1, rows, cols}, 1)
                      : repeat_to_batch(resize_bilinear(as_mask(*mask), rows, cols), out.dim(0));
  const Overlap down = overlap(placement.y, rows, height);
  const Overlap across = overlap(placement.x, cols, width);
  for (std::int64_t plane = 0; plane < out.dim(0) * out.dim(1); ++plane) {
    const std::int64_t item = plane / out.dim(1) % weight.dim(0);
    for (std::int64_t y = down.first; y < down.first + down.count; ++y) {
      const float* share = weight.data() + (item * rows + y) * cols;
      const float* from = over.data() + (plane * rows + y) * cols;
      float* to = out.data() + (plane * height + placement.y + y) * width;
      for (std::int64_t x = across.first; x < across.first + across.count; ++x) {
        float& cell = to[placement.x + x];
        cell = share[x] * from[x] + (1 - share[x]) * cell;
      }
    }
  }
  return out;
}

Array composite_images(const Array& destination, const Array& source, const Placement& placement,
                       const Array* mask) {
  require_images(destination);
  const Array fitted = with_channels(source, destination.dim(3));
  return to_channels_last(
      composite(to_channels_first(destination), to_channels_first(fitted), placement, mask));
}

}  // namespace sagitta
