#include "sagitta/core/stored.h"

#include <utility>

namespace sagitta {

Array to_array(const StoredTensor& tensor) {
  Array array(tensor.shape);
  widen(tensor.data, tensor.dtype, array.values());
  if (tensor.scale != 1) array *= tensor.scale;
  return array;
}

StoredTensor to_stored(Array array) {
  const auto owner = std::make_shared<const Array>(std::move(array));
  return {.dtype = DType::f32,
          .shape = owner->shape(),
          .data = reinterpret_cast<const std::byte*>(owner->data()),
          .owner = owner};
}

}  // namespace sagitta
