#include "sagitta/models/adapters/products.h"

#include <algorithm>

namespace sagitta::models {
Array as_matrix(const Array& x) {
  if (x.rank() == 2) return x;
  const std::int64_t rows = x.rank() == 0 ? 1 : x.dim(0);
  const std::int64_t cols = rows == 0 ? 0 : static_cast<std::int64_t>(x.size()) / rows;
  return x.reshaped({rows, cols});
}

Array transposed(const Array& x) {
  const std::int64_t rows = x.dim(0);
  const std::int64_t cols = x.dim(1);
  Array out({cols, rows});
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) out.data()[j * rows + i] = x.data()[i * cols + j];
  }
  return out;
}

Array product(const Array& a, const Array& b) {
  // Columns are taken in pieces, so that a piece of b stays in the cache over all rows of a.
  constexpr std::int64_t kPiece = 1024;
  const std::int64_t depth = a.dim(1);
  const std::int64_t cols = b.dim(1);
  Array out({a.dim(0), cols});
  for (std::int64_t begin = 0; begin < cols; begin += kPiece) {
    const std::int64_t count = std::min(kPiece, cols - begin);
    for (std::int64_t i = 0; i < a.dim(0); ++i) {
      float* to = out.data() + i * cols + begin;
      for (std::int64_t k = 0; k < depth; ++k) {
        const float factor = a.data()[i * depth + k];
        const float* from = b.data() + k * cols + begin;
        for (std::int64_t j = 0; j < count; ++j) to[j] += factor * from[j];
      }
    }
  }
  return out;
}

Array kronecker(const Array& x, const Array& y) {
  Array out({x.dim(0) * y.dim(0), x.dim(1) * y.dim(1)});
  float* to = out.data();
  for (std::int64_t a = 0; a < x.dim(0); ++a) {
    for (std::int64_t c = 0; c < y.dim(0); ++c) {
      const float* row = y.data() + c * y.dim(1);
      for (std::int64_t b = 0; b < x.dim(1); ++b) {
        const float factor = x.data()[a * x.dim(1) + b];
        for (std::int64_t d = 0; d < y.dim(1); ++d) *to++ = factor * row[d];
      }
    }
  }
  return out;
}

Array tucker(const Array& left, const Array& core, const Array& right) {
  // For each i: (R, J) * (J, H*W), and then the sum over i as one product.
  const Array turned = transposed(right);
  const std::int64_t taps = core.dim(2) * core.dim(3);
  Array inner({core.dim(0), right.dim(1) * taps});
  for (std::int64_t i = 0; i < core.dim(0); ++i) {
    const Array slice = product(turned, core.slice(i, 1).reshaped({core.dim(1), taps}));
    std::copy_n(slice.data(), slice.size(), inner.data() + i * inner.dim(1));
  }
  return product(left, inner);
}

}  // namespace sagitta::models
