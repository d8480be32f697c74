#include "sagitta/image/bytes.h"

#include "sagitta/base/error.h"

#include <algorithm>

namespace sagitta {

Bytes to_picture(const Array& images, std::int64_t item) {
  require(images.rank() == 4 && item < images.dim(0) && images.dim(3) <= 4, Fault::bad_input,
          "pictures have the shape (batch, height, width, 1 to 4 channels), got {}",
          to_string(images.shape()));
  Bytes picture{.height = images.dim(1), .width = images.dim(2), .channels = images.dim(3), .values = {}};
  const std::int64_t count = picture.height * picture.width * picture.channels;
  picture.values.resize(static_cast<std::size_t>(count));
  const float* from = images.data() + item * count;
  std::transform(from, from + count, picture.values.begin(), [](float value) {
    const float scaled = 255 * value;
    return static_cast<std::uint8_t>(scaled > 0 ? std::min(scaled, 255.0F) : 0.0F);  // NaN is 0
  });
  return picture;
}

Array from_pictures(const std::vector<Bytes>& pictures) {
  require(!pictures.empty(), Fault::internal, "no pictures");
  const Bytes& first = pictures.front();
  Array images({static_cast<std::int64_t>(pictures.size()), first.height, first.width, first.channels});
  float* to = images.data();
  for (const Bytes& picture : pictures) {
    require(picture.values.size() == first.values.size(), Fault::internal,
            "pictures of unequal sizes");
    to = std::transform(picture.values.begin(), picture.values.end(), to,
                        [](std::uint8_t value) { return static_cast<float>(value) / 255.0F; });
  }
  return images;
}

}  // namespace sagitta
