// Weight: a parameter of a network on a device, in the form that the backend's kernels want. It is
// packed once, when it is loaded, and shared by all copies of a model.
#pragma once

#include "sagitta/core/stored.h"

#include <memory>

namespace sagitta {

class Device;

// What a weight is used for decides how a backend packs it.
enum class WeightUse {
  vector,  // (N): bias, norm scale and shift; f32, but a backend may round the bias of a product
  linear,  // (out, in)
  geglu,   // (2*out, in) of a gated layer: value rows first, then gate rows
  conv,    // (out, in, kernel_h, kernel_w)
  upsample_conv,  // (out, in, 3, 3), applied to an enlarged picture
};

struct Weight {
  Device* device = nullptr;
  WeightUse use = WeightUse::vector;
  Shape shape;                         // logical, as in the checkpoint
  std::size_t bytes = 0;               // device memory of the packed form
  std::shared_ptr<const void> packed;  // the backend's own type for this use

  explicit operator bool() const { return packed != nullptr; }
};

// Packs values for the device. The shape's rank must fit the use (bad_file otherwise).
[[nodiscard]] Weight load_weight(Device& device, WeightUse use, const StoredTensor& values);

}  // namespace sagitta
