#include "sagitta/diffusion/guidance/gaussian_blur.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sagitta::sag {
namespace {

// Index -4 is cell 4, index H is cell H - 2: the border cell itself is not repeated.
std::int64_t reflect(std::int64_t i, std::int64_t size) {
  if (i < 0) return -i;
  return i < size ? i : 2 * (size - 1) - i;
}

}  // namespace

Array blur(const Array& x, float sigma, int taps) {
  if (sigma == 0) return x;
  const int radius = taps / 2;
  const std::int64_t height = x.dim(2);
  const std::int64_t width = x.dim(3);
  require(std::min(height, width) > radius, Fault::bad_input,
          "a blur of {} taps wants more than {} cells a side, got {}x{}", taps, radius, height, width);
  std::vector<double> kernel;
  double total = 0;
  for (int k = -radius; k <= radius; ++k) {
    const double t = static_cast<double>(k) / sigma;
    kernel.push_back(std::exp(-0.5 * t * t));
    total += kernel.back();
  }
  for (double& tap : kernel) tap /= total;

  Array out(x.shape());
  std::vector<double> rows(static_cast<std::size_t>(height * width));  // blurred along x
  for (std::int64_t plane = 0; plane < x.dim(0) * x.dim(1); ++plane) {
    const float* from = x.data() + plane * height * width;
    float* to = out.data() + plane * height * width;
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t col = 0; col < width; ++col) {
        double sum = 0;
        for (int k = -radius; k <= radius; ++k) {
          sum += kernel[static_cast<std::size_t>(k + radius)] * from[row * width + reflect(col + k, width)];
        }
        rows[static_cast<std::size_t>(row * width + col)] = sum;
      }
    }
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t col = 0; col < width; ++col) {
        double sum = 0;
        for (int k = -radius; k <= radius; ++k) {
          sum += kernel[static_cast<std::size_t>(k + radius)] *
                 rows[static_cast<std::size_t>(reflect(row + k, height) * width + col)];
        }
        to[row * width + col] = static_cast<float>(sum);
      }
    }
  }
  return out;
}

int taps_for(float sigma) { return 2 * std::max(1, static_cast<int>(std::ceil(3 * sigma))) + 1; }

}  // namespace sagitta::sag
