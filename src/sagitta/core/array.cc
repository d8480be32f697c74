#include "sagitta/core/array.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <utility>

namespace sagitta {
namespace {

void require_same(const Array& a, const Array& b) {
  require(a.shape() == b.shape(), Fault::bad_input, "arrays of shapes {} and {} do not fit",
          to_string(a.shape()), to_string(b.shape()));
}

}  // namespace

Array::Array(Shape shape, float fill)
    : shape_(std::move(shape)), values_(static_cast<std::size_t>(element_count(shape_)), fill) {}

Array::Array(Shape shape, std::vector<float> values)
    : shape_(std::move(shape)), values_(std::move(values)) {
  require(static_cast<std::size_t>(element_count(shape_)) == values_.size(), Fault::bad_input,
          "an array of shape {} wants {} values, got {}", to_string(shape_), element_count(shape_),
          values_.size());
}

Array Array::reshaped(Shape shape) const { return {std::move(shape), values_}; }

Array Array::slice(std::int64_t begin, std::int64_t count) const {
  require(!shape_.empty() && begin >= 0 && count >= 0 && begin + count <= shape_[0],
          Fault::bad_input, "rows {}..{} are outside shape {}", begin, begin + count,
          to_string(shape_));
  Shape shape = shape_;
  shape[0] = count;
  const auto row = static_cast<std::ptrdiff_t>(shape_[0] == 0 ? 0 : element_count(shape_) / shape_[0]);
  const auto first = values_.begin() + begin * row;
  return {std::move(shape), std::vector<float>(first, first + count * row)};
}

Array& Array::operator+=(const Array& other) {
  require_same(*this, other);
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] += other.values_[i];
  return *this;
}

Array& Array::operator-=(const Array& other) {
  require_same(*this, other);
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] -= other.values_[i];
  return *this;
}

Array& Array::operator*=(const Array& other) {
  require_same(*this, other);
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] *= other.values_[i];
  return *this;
}

Array& Array::operator*=(float factor) {
  for (float& value : values_) value *= factor;
  return *this;
}

Array& Array::operator+=(float term) {
  for (float& value : values_) value += term;
  return *this;
}

Array operator+(Array a, const Array& b) { return std::move(a += b); }
Array operator-(Array a, const Array& b) { return std::move(a -= b); }
Array operator*(Array a, const Array& b) { return std::move(a *= b); }
Array operator*(Array a, float factor) { return std::move(a *= factor); }
Array operator*(float factor, Array a) { return std::move(a *= factor); }

Array operator/(Array a, float divisor) {
  for (float& value : a.values()) value /= divisor;
  return a;
}

Array concat(std::span<const Array> parts) {
  require(!parts.empty(), Fault::bad_input, "nothing to join");
  Shape shape = parts[0].shape();
  shape[0] = 0;
  std::vector<float> values;
  for (const Array& part : parts) {
    require(part.rank() == shape.size() &&
                std::equal(shape.begin() + 1, shape.end(), part.shape().begin() + 1),
            Fault::bad_input, "arrays of shapes {} and {} cannot be joined",
            to_string(parts[0].shape()), to_string(part.shape()));
    shape[0] += part.dim(0);
    values.insert(values.end(), part.values().begin(), part.values().end());
  }
  return {std::move(shape), std::move(values)};
}

}  // namespace sagitta
