#include "sagitta/core/layout.h"

#include "sagitta/base/error.h"

namespace sagitta {
namespace {

// (B, M, N) -> (B, N, M).
void transpose(const float* from, std::int64_t batch, std::int64_t rows, std::int64_t cols, float* to) {
  for (std::int64_t b = 0; b < batch; ++b, from += rows * cols, to += rows * cols) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) to[c * rows + r] = from[r * cols + c];
    }
  }
}

void require_rank_4(const Array& x) {
  require(x.rank() == 4, Fault::internal, "an image or latent has four axes, got {}",
          to_string(x.shape()));
}

}  // namespace

Array to_channels_last(const Array& x) {
  require_rank_4(x);
  Array out({x.dim(0), x.dim(2), x.dim(3), x.dim(1)});
  transpose(x.data(), x.dim(0), x.dim(1), x.dim(2) * x.dim(3), out.data());
  return out;
}

Array to_channels_first(const Array& x) {
  require_rank_4(x);
  Array out({x.dim(0), x.dim(3), x.dim(1), x.dim(2)});
  transpose(x.data(), x.dim(0), x.dim(1) * x.dim(2), x.dim(3), out.data());
  return out;
}

}  // namespace sagitta
