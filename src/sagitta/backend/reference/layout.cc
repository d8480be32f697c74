#include "sagitta/backend/reference/kernels.h"

#include <algorithm>

namespace sagitta::reference {

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
