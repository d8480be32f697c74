// Linear layers in bf16 by the kernels for AMX (linear_amx.h): what runs where.
#pragma once

#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/weights_packed.h"

#include <optional>

namespace sagitta::cpu {

// Whether the kernels for AMX multiply matrices of this size in bf16.
[[nodiscard]] bool has_tiles(std::int64_t in, std::int64_t out);

// The layout of such matrices. None: as oneDNN likes it.
[[nodiscard]] std::optional<Layout> tile_layout(std::int64_t in, std::int64_t out);

// Whether the kernels compute this product of a weight in the device's compute type, bf16.
[[nodiscard]] bool takes_tiles(const PackedMatrix& weight, const Product& product);

// A product that takes_tiles().
void multiply_tiles(Device& device, const PackedMatrix& weight, const Product& product);

// out = (x value + bias) * gelu(x gate + bias) of the product rows, x, bias (2 * out) and out. Both
// matrices have tiles.
void geglu_tiles(Device& device, const PackedGeglu& weight, const Product& product);

}  // namespace sagitta::cpu
