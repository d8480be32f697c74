// Weights in int8: each output channel in steps of its own.
#pragma once

#include "sagitta/backend/cpu/weights_packed.h"

namespace sagitta::cpu {

// Whether the device holds a weight of this shape, (out, in) or (out, in, kernel_h, kernel_w), in
// int8. Few channels gain nothing.
[[nodiscard]] bool wants_int8(const Device& device, const Shape& shape);

// Packs `out` rows of `in` values.
[[nodiscard]] PackedMatrix pack_matrix_int8(Device& device, const float* rows, std::int64_t out,
                                            std::int64_t in);
// Packs values of shape (out, in, kernel_h, kernel_w).
[[nodiscard]] PackedConv pack_conv_int8(Device& device, const float* values, const Shape& shape);

}  // namespace sagitta::cpu
