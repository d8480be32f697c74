// StoredTensor: values that lie in a mapped file or in host memory, in whatever type they were
// stored. StateDict: many of them by name. Both are views that keep their bytes alive.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/core/dtype.h"

#include <map>
#include <memory>
#include <string>

namespace sagitta {

struct StoredTensor {
  DType dtype = DType::f32;
  Shape shape;
  const std::byte* data = nullptr;      // dense, row-major, any alignment
  std::shared_ptr<const void> owner;    // keeps data valid
  float scale = 1;                      // what the stored numbers are to be multiplied by

  [[nodiscard]] std::size_t bytes() const {
    return static_cast<std::size_t>(element_count(shape)) * size_of(dtype);
  }
};

using StateDict = std::map<std::string, StoredTensor, std::less<>>;

// Widened to float, and scaled.
[[nodiscard]] Array to_array(const StoredTensor& tensor);

// An f32 StoredTensor that owns a copy of the array's values.
[[nodiscard]] StoredTensor to_stored(Array array);

}  // namespace sagitta
