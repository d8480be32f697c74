// Products with weights in int8: each row of x becomes bytes with a scale of its own, oneDNN
// multiplies integers, and the sums become numbers again with all that follows the product. Blocks
// of rows keep bytes and sums in the cache.
#pragma once

#include "sagitta/backend/cpu/linear.h"

namespace sagitta::cpu {

// What multiply() in linear.h promises.
void multiply_int8(Device& device, const PackedMatrix& weight, const Product& product);

// A gated product; product's bias is that of the values, then that of the gates, and it has neither
// activation nor factor.
void multiply_int8(Device& device, const PackedGeglu& weight, const Product& product);

}  // namespace sagitta::cpu
