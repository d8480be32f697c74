#include "sagitta/image/channels.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/limits.h"
#include "sagitta/image/scale.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta {
namespace {

constexpr std::int64_t kColours = 3;
constexpr float kMostLevel = 255;

std::int64_t pixels_of(const Array& images) {
  return images.dim(0) * images.dim(1) * images.dim(2);
}

std::int64_t level(float value) {
  return static_cast<std::int64_t>(std::nearbyint(std::clamp(value, 0.0F, 1.0F) * kMostLevel));
}

}  // namespace

void require_images(const Array& x) {
  require(x.rank() == 4 && x.size() > 0, Fault::bad_input,
          "pictures have four axes (batch, height, width, channels) and no empty one, got {}",
          to_string(x.shape()));
}

Array with_channels(const Array& images, std::int64_t channels) {
  require_images(images);
  const std::int64_t have = images.dim(3);
  require(have + 1 >= channels, Fault::bad_input,
          "pictures of {} channels do not fit to pictures of {}", have, channels);
  if (have >= channels) return first_channels(images, channels);
  Array out({images.dim(0), images.dim(1), images.dim(2), channels}, 1);
  for (std::int64_t i = 0; i < pixels_of(images); ++i) {
    std::copy_n(images.data() + i * have, have, out.data() + i * channels);
  }
  return out;
}

Array channel_of(const Array& images, std::int64_t channel) {
  require_images(images);
  require(channel < images.dim(3), Fault::bad_input,
          "the picture has {} channels, there is no number {}", images.dim(3), channel + 1);
  Array out({images.dim(0), images.dim(1), images.dim(2)});
  const float* from = images.data() + channel;
  for (float& value : out.values()) {
    value = *from;
    from += images.dim(3);
  }
  return out;
}

Array grey_images(const Array& mask) {
  const Array planes = as_mask(mask);
  Array out({planes.dim(0), planes.dim(1), planes.dim(2), kColours});
  float* to = out.data();
  for (const float value : planes.values()) to = std::fill_n(to, kColours, value);
  return out;
}

Array mask_of_colour(const Array& images, std::int64_t colour) {
  require_images(images);
  require(images.dim(3) >= kColours, Fault::bad_input,
          "the picture has {} channels, red, green and blue are needed", images.dim(3));
  Array out({images.dim(0), images.dim(1), images.dim(2)});
  const float* pixel = images.data();
  for (float& value : out.values()) {
    value = level(pixel[0]) * 0x10000 + level(pixel[1]) * 0x100 + level(pixel[2]) == colour ? 1.0F
                                                                                            : 0.0F;
    pixel += images.dim(3);
  }
  return out;
}

WithAlpha split_alpha(const Array& images) {
  require_images(images);
  const bool opaque = images.dim(3) <= kColours;
  return {.images = first_channels(images, std::min(kColours, images.dim(3))),
          .mask = opaque ? Array({images.dim(0), images.dim(1), images.dim(2)})
                         : inverted(channel_of(images, kColours))};
}

Array join_alpha(const Array& images, const Array& mask) {
  require_images(images);
  require(images.dim(3) >= kColours, Fault::bad_input,
          "the picture has {} channels, red, green and blue are needed", images.dim(3));
  const Array planes = as_mask(mask);
  const std::int64_t batch = std::max(images.dim(0), planes.dim(0));
  require_size({batch, images.dim(1), images.dim(2), kColours + 1}, "a batch of pictures");
  const Array fitted =
      inverted(repeat_to_batch(scale(planes, size_of(images), ResizeMethod::bilinear), batch));
  Array out = with_channels(first_channels(repeat_to_batch(images, batch), kColours), kColours + 1);
  for (std::size_t i = 0; i < fitted.size(); ++i) out[i * (kColours + 1) + kColours] = fitted[i];
  return out;
}

Array plain_images(std::int64_t batch, std::int64_t height, std::int64_t width,
                   std::int64_t colour) {
  const Shape shape{batch, height, width, kColours};
  require_size(shape, "a picture");
  const auto part = [&](unsigned shift) {
    return static_cast<float>((static_cast<std::uint64_t>(colour) >> shift) & 0xFFU) / kMostLevel;
  };
  const std::array<float, kColours> pixel{part(16), part(8), part(0)};
  Array out(shape);
  float* const end = out.data() + out.size();
  for (float* to = out.data(); to != end;) to = std::copy(pixel.begin(), pixel.end(), to);
  return out;
}

Array inverted(Array x) {
  for (float& value : x.values()) value = 1 - value;
  return x;
}

}  // namespace sagitta
