#include "sagitta/diffusion/guidance/per_item.h"

#include "sagitta/base/error.h"

#include <cmath>
#include <cstddef>

namespace sagitta {
namespace {

std::size_t item_size(const Array& x) {
  return x.empty() ? 0 : x.size() / static_cast<std::size_t>(x.dim(0));
}

std::size_t positions_of(const Array& x) {
  return x.empty() ? 0 : x.size() / static_cast<std::size_t>(x.dim(0) * x.dim(1));
}

}  // namespace

PerItem dot(const Array& a, const Array& b) {
  require(a.shape() == b.shape(), Fault::internal, "dot: shapes {} and {}", to_string(a.shape()),
          to_string(b.shape()));
  PerItem sums(static_cast<std::size_t>(a.dim(0)));
  const std::size_t size = item_size(a);
  for (std::size_t i = 0; i < a.size(); ++i) {
    sums[i / size] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sums;
}

PerItem norm(const Array& x) {
  PerItem norms = dot(x, x);
  for (double& value : norms) value = std::sqrt(value);
  return norms;
}

PerItem deviation(const Array& x) {
  const std::size_t size = item_size(x);
  PerItem result(static_cast<std::size_t>(x.dim(0)));
  for (std::size_t item = 0; item < result.size(); ++item) {
    const std::span<const float> values = x.values().subspan(item * size, size);
    double mean = 0;
    for (const float value : values) mean += value;
    mean /= static_cast<double>(size);
    double squares = 0;
    for (const float value : values) squares += (value - mean) * (value - mean);
    result[item] = std::sqrt(squares / (static_cast<double>(size) - 1));
  }
  return result;
}

Array scale_items(Array x, std::span<const double> factors) {
  const std::size_t size = item_size(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(x[i] * factors[i / size]);
  }
  return x;
}

Array channel_norm(const Array& x) {
  const std::size_t positions = positions_of(x);
  const std::size_t size = item_size(x);
  Shape shape = x.shape();
  shape.erase(shape.begin() + 1);
  Array norms(shape);
  for (std::size_t i = 0; i < norms.size(); ++i) {
    const float* first = x.data() + i / positions * size + i % positions;
    double squares = 0;
    for (std::size_t at = 0; at < size; at += positions) {
      squares += static_cast<double>(first[at]) * static_cast<double>(first[at]);
    }
    norms[i] = static_cast<float>(std::sqrt(squares));
  }
  return norms;
}

Array scale_positions(Array x, const Array& factors) {
  const std::size_t positions = positions_of(x);
  const std::size_t size = item_size(x);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= factors[i / size * positions + i % positions];
  return x;
}

}  // namespace sagitta
