// Gated linear layers in bf16: out = (x value + bias) * gelu(x gate + bias).
#pragma once

#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/weights_packed.h"

namespace sagitta::cpu {

// Of the product rows, x, bias (2 * out) and out.
void linear_geglu_bf16(Device& device, const PackedGeglu& weight, const Product& product);

}  // namespace sagitta::cpu
