// Weights as the CPU backend's kernels want them.
#pragma once

#include "sagitta/core/weight.h"

namespace sagitta::cpu {

// The row `load_weight` of the kernel table. Packs once: vectors as f32; the others in the device's
// compute type, f32 in panels (product_path.h) and bf16 in the layout that oneDNN likes best. At most
// one weight is held in f32 besides.
void load_weight(Device& device, const StoredTensor& values, Weight& weight);

// The values of a vector weight, 64-byte aligned.
[[nodiscard]] const float* vector_values(const Weight& weight);

}  // namespace sagitta::cpu
