// Gated linear layers in bf16: out = (x value + bias) * gelu(x gate + bias).
#pragma once

#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/weights_packed.h"

#include <optional>

namespace sagitta::cpu {

// The layout of both matrices of a gated weight in bf16 where the kernel for AMX multiplies them.
// None: as for any other matrix.
[[nodiscard]] std::optional<Layout> geglu_layout(std::int64_t in, std::int64_t out);

// Of the product rows, x, bias (2 * out) and out.
void linear_geglu_bf16(Device& device, const PackedGeglu& weight, const Product& product);

}  // namespace sagitta::cpu
