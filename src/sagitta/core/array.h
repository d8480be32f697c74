// Array: a dense row-major float array in host memory, a plain value. Latents, noise, masks, images
// and sigmas are Arrays: they are small, the samplers' arithmetic reads like the papers, and it is
// the same whatever device runs the network. Latents are NCHW, images NHWC in 0..1.
#pragma once

#include "sagitta/core/shape.h"

#include <span>
#include <vector>

namespace sagitta {

class Array {
 public:
  Array() = default;  // no elements: shape {0}
  explicit Array(Shape shape, float fill = 0);
  // Throws bad_input unless values.size() fits the shape.
  Array(Shape shape, std::vector<float> values);

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t dim(std::size_t axis) const { return shape_.at(axis); }
  [[nodiscard]] std::size_t rank() const { return shape_.size(); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] float* data() { return values_.data(); }
  [[nodiscard]] const float* data() const { return values_.data(); }
  [[nodiscard]] std::span<float> values() { return values_; }
  [[nodiscard]] std::span<const float> values() const { return values_; }
  float& operator[](std::size_t i) { return values_[i]; }
  const float& operator[](std::size_t i) const { return values_[i]; }

  // The same values under another shape of equal element count.
  [[nodiscard]] Array reshaped(Shape shape) const;
  // Rows [begin, begin + count) of the first axis.
  [[nodiscard]] Array slice(std::int64_t begin, std::int64_t count) const;

  Array& operator+=(const Array& other);
  Array& operator-=(const Array& other);
  Array& operator*=(const Array& other);
  Array& operator*=(float factor);
  Array& operator+=(float term);

 private:
  Shape shape_{0};
  std::vector<float> values_;
};

// Element-wise; the shapes must be equal (bad_input otherwise).
[[nodiscard]] Array operator+(Array a, const Array& b);
[[nodiscard]] Array operator-(Array a, const Array& b);
[[nodiscard]] Array operator*(Array a, const Array& b);
[[nodiscard]] Array operator*(Array a, float factor);
[[nodiscard]] Array operator*(float factor, Array a);
[[nodiscard]] Array operator/(Array a, float divisor);

// Joins along the first axis; the other sizes must agree.
[[nodiscard]] Array concat(std::span<const Array> parts);

}  // namespace sagitta
