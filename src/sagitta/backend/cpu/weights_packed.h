// What stands behind Weight::packed for the products of the CPU backend.
#pragma once

#include "sagitta/backend/cpu/context.h"
#include "sagitta/core/stored.h"
#include "sagitta/core/weight.h"

#include <deque>
#include <mutex>
#include <utility>

namespace sagitta::cpu {

// Values in a layout chosen when they were loaded. For a few odd sizes oneDNN insists on another
// layout; then a second copy is made once and kept.
class PackedValues {
 public:
  // Packs `values`, which lie in `plain`.
  PackedValues(Device& device, const Layout& layout, const Layout& plain, const void* values);

  [[nodiscard]] const Layout& layout() const { return primary_.layout; }
  [[nodiscard]] std::size_t bytes() const { return primary_.block.bytes(); }
  // The values in layout().
  [[nodiscard]] const void* data() const { return primary_.block.data(); }
  // Stays valid as long as this object.
  [[nodiscard]] const void* in(Device& device, const Layout& layout) const;

 private:
  struct Copy {
    Layout layout;
    SystemBlock block;
  };

  static Copy pack(Device& device, const Layout& layout, const Layout& from_layout,
                   const void* from);

  Copy primary_;
  mutable std::mutex mutex_;
  mutable std::deque<Copy> others_;
};

// What turns sums of integer products with the columns of a weight in int8 into numbers.
struct Int8Columns {
  SystemBlock scales;  // float: what a step of the column's weights is worth
  SystemBlock totals;  // int32: the sum of the column's weights

  explicit operator bool() const { return scales.data() != nullptr; }
  [[nodiscard]] std::size_t bytes() const { return scales.bytes() + totals.bytes(); }
};

// A linear weight, or a 1x1 convolution.
struct PackedMatrix {
  std::int64_t in;
  std::int64_t out;
  PackedValues values;
  Int8Columns int8;  // of a weight in int8, else empty

  [[nodiscard]] std::size_t bytes() const { return values.bytes() + int8.bytes(); }
};

// A gated weight: two matrices of equal size.
struct PackedGeglu {
  PackedMatrix value;
  PackedMatrix gate;
};

struct PackedConv {
  PackedValues values;
  Int8Columns int8;  // of a weight in int8, else empty

  [[nodiscard]] std::size_t bytes() const { return values.bytes() + int8.bytes(); }
};

// Values in f32, dense, on all threads.
void widen_in_parallel(const StoredTensor& values, float* out);

// The layout of conv weights of this shape, (O, C, KH, KW): panels of O in f32, else what oneDNN
// likes best at nearly all sizes of pictures.
[[nodiscard]] Layout usual_conv_layout(Device& device, const Shape& shape);

// Values in the layout of panels: those of all weights in f32 but vectors.
inline const float* panels_of(const PackedValues& values) {
  return static_cast<const float*>(values.data());
}

template <class Packed>
const Packed& packed_as(const Weight& weight) {
  return *static_cast<const Packed*>(weight.packed.get());
}

// Whether a conv weight is packed as a matrix.
inline bool is_pointwise(const Weight& weight) {
  return weight.shape[2] == 1 && weight.shape[3] == 1;
}

}  // namespace sagitta::cpu
