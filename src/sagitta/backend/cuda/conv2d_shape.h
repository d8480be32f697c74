// The sizes of a convolution, and which pixel each of its taps reads. For host and device code.
#pragma once

#include <cstdint>

namespace sagitta::cuda {

// The kernel runs over a picture of (height, width), which is the source brought to that size by
// nearest neighbour: its row y is the source's floor(y * source_height / height).
struct ConvShape {
  std::int64_t samples = 0;
  int source_height = 0;
  int source_width = 0;
  int height = 0;
  int width = 0;
  int channels = 0;
  int out_height = 0;
  int out_width = 0;
  int out_channels = 0;
  int kernel_h = 0;
  int kernel_w = 0;
  int stride = 1;
  int padding = 0;  // rows above and columns to the left; those below and to the right follow

  [[nodiscard]] constexpr std::int64_t rows() const {  // of the product of patches and kernel
    return samples * out_height * out_width;
  }
  [[nodiscard]] constexpr std::int64_t taps() const { return std::int64_t{kernel_h} * kernel_w; }
  [[nodiscard]] constexpr std::int64_t depth() const { return taps() * channels; }
  [[nodiscard]] constexpr bool resamples() const {
    return height != source_height || width != source_width;
  }
};

}  // namespace sagitta::cuda
