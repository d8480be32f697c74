#include "sagitta/image/blur.h"

#include "sagitta/base/error.h"
#include "sagitta/image/channels.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace sagitta {
namespace {

constexpr std::int64_t kMostRadius = 1024;
constexpr double kSharpest = 10;  // times the amount

std::vector<float> gaussian_taps(std::int64_t radius, double sigma) {
  require(radius > 0 && radius <= kMostRadius && sigma > 0, Fault::bad_input,
          "cannot blur with radius {} and sigma {}: 0 to {} and more than 0 are possible", radius,
          sigma, kMostRadius);
  std::vector<double> exact;
  for (std::int64_t i = -radius; i <= radius; ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(radius);
    exact.push_back(std::exp(-x * x / (2 * sigma * sigma)));
  }
  const double sum = std::accumulate(exact.begin(), exact.end(), 0.0);
  std::vector<float> taps;
  for (const double tap : exact) taps.push_back(static_cast<float>(tap / sum));
  return taps;
}

// Where position i lies in a line of `count` cells that is mirrored at both ends.
std::int64_t mirrored(std::int64_t i, std::int64_t count) {
  if (count == 1) return 0;
  const std::int64_t period = 2 * (count - 1);
  const std::int64_t at = ((i % period) + period) % period;
  return std::min(at, period - at);
}

// Along an axis of `count` cells that are `inner` values each, in `outer` blocks.
void blur_axis(Array& x, std::int64_t outer, std::int64_t count, std::int64_t inner,
               const std::vector<float>& taps) {
  const auto radius = static_cast<std::int64_t>(taps.size() / 2);
  std::vector<float> line(static_cast<std::size_t>(count * inner));
  for (std::int64_t block = 0; block < outer; ++block) {
    float* const at = x.data() + block * count * inner;
    std::copy_n(at, count * inner, line.begin());
    std::fill_n(at, count * inner, 0.0F);
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t k = -radius; k <= radius; ++k) {
        const float* from = line.data() + mirrored(i + k, count) * inner;
        const float weight = taps[static_cast<std::size_t>(k + radius)];
        float* to = at + i * inner;
        for (std::int64_t c = 0; c < inner; ++c) to[c] += weight * from[c];
      }
    }
  }
}

}  // namespace

Array blur_images(const Array& images, std::int64_t radius, double sigma) {
  require_images(images);
  if (radius == 0) return images;
  const std::vector<float> taps = gaussian_taps(radius, sigma);
  Array out = images;
  const std::int64_t row = images.dim(2) * images.dim(3);
  blur_axis(out, images.dim(0) * images.dim(1), images.dim(2), images.dim(3), taps);
  blur_axis(out, images.dim(0), images.dim(1), row, taps);
  return out;
}

Array sharpen_images(const Array& images, std::int64_t radius, double sigma, double amount) {
  if (radius == 0) return images;
  Array out = blur_images(images, radius, sigma);
  const auto factor = static_cast<float>(kSharpest * amount);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::clamp(images[i] + factor * (images[i] - out[i]), 0.0F, 1.0F);
  }
  return out;
}

}  // namespace sagitta
