#include "sagitta/image/join.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/limits.h"
#include "sagitta/image/scale.h"

#include <algorithm>

namespace sagitta {
namespace {

// All of them at the size of the first.
Array join_scaled(std::vector<Array> parts) {
  require(!parts.empty(), Fault::bad_input, "there is nothing to make a batch of");
  Shape shape = parts.front().shape();
  shape[0] = 0;
  for (const Array& part : parts) shape[0] += part.dim(0);
  require_size(shape, "a batch");
  const Size size = size_of(parts.front());
  for (Array& part : parts) {
    if (size_of(part) != size) part = scale(part, size, ResizeMethod::bilinear, Crop::centre);
  }
  return concat(parts);
}

}  // namespace

Array join_images(std::span<const Array> batches) {
  std::int64_t channels = 0;
  for (const Array& batch : batches) {
    require_images(batch);
    channels = std::max(channels, batch.dim(3));
  }
  std::vector<Array> parts;
  for (const Array& batch : batches) parts.push_back(with_channels(batch, channels));
  return join_scaled(std::move(parts));
}

Array join_masks(std::span<const Array> batches) {
  std::vector<Array> parts;
  for (const Array& batch : batches) parts.push_back(as_mask(batch));
  return join_scaled(std::move(parts));
}

std::vector<Array> rebatched(std::span<const Array> batches, std::int64_t size) {
  require(size > 0, Fault::bad_input, "a batch of {} pictures is none", size);
  std::vector<Array> singles;
  for (const Array& batch : batches) {
    require_images(batch);
    for (std::int64_t i = 0; i < batch.dim(0); ++i) singles.push_back(batch.slice(i, 1));
  }
  std::vector<Array> made;
  for (std::size_t first = 0; first < singles.size(); first += static_cast<std::size_t>(size)) {
    const auto part = std::span(singles).subspan(first);
    const auto items = part.first(std::min(part.size(), static_cast<std::size_t>(size)));
    for (const Array& item : items) {
      require(item.shape() == items.front().shape(), Fault::bad_input,
              "pictures of {} and {} do not go into one batch", to_string(items.front().shape()),
              to_string(item.shape()));
    }
    made.push_back(concat(items));
  }
  return made;
}

}  // namespace sagitta
