#include "sagitta/backend/reference/kernels.h"

#include <algorithm>

namespace sagitta::reference {

void resize_nearest(const Tensor& x, Tensor& out) {
  const std::int64_t channels = x.dim(3);
  float* target = out.data<float>();
  for (std::int64_t b = 0; b < out.dim(0); ++b) {
    for (std::int64_t i = 0; i < out.dim(1); ++i) {
      const std::int64_t row = b * x.dim(1) + i * x.dim(1) / out.dim(1);
      for (std::int64_t j = 0; j < out.dim(2); ++j) {
        const std::int64_t column = j * x.dim(2) / out.dim(2);
        const float* source = x.data<float>() + (row * x.dim(2) + column) * channels;
        target = std::copy_n(source, channels, target);
      }
    }
  }
}

void concat_channels(const Tensor& a, const Tensor& b, Tensor& out) {
  const std::int64_t a_channels = a.shape().back();
  const std::int64_t b_channels = b.shape().back();
  float* target = out.data<float>();
  for (std::int64_t r = 0; r < a.size() / a_channels; ++r) {
    target = std::copy_n(a.data<float>() + r * a_channels, a_channels, target);
    target = std::copy_n(b.data<float>() + r * b_channels, b_channels, target);
  }
}

}  // namespace sagitta::reference
