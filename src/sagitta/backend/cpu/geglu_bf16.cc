#include "sagitta/backend/cpu/geglu_bf16.h"

#include "sagitta/backend/cpu/elementwise.h"
#include "sagitta/backend/cpu/linear_bf16.h"

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kElement = 2;  // bytes

// Two products of oneDNN: the gate goes through a block of scratch that stays in the cache, enough
// rows that reading the weights again for every block costs little, and the value's product
// multiplies by it as it is written.
void multiply_twice(Device& device, const PackedGeglu& weight, const Product& product) {
  constexpr std::int64_t kGateBytes = 8 << 20;
  constexpr std::int64_t kLeastRows = 128;
  const std::int64_t in = weight.value.in;
  const std::int64_t out = weight.value.out;
  const std::int64_t block_rows =
      std::min(product.rows, std::max(kLeastRows, kGateBytes / (out * kElement) / 64 * 64));
  const PoolBlock gates(device, static_cast<std::size_t>(block_rows * out * kElement));
  for (std::int64_t row = 0; row < product.rows; row += block_rows) {
    const std::int64_t count = std::min(block_rows, product.rows - row);
    const auto* const x = advance<std::uint16_t>(product.x, row * in);
    multiply(
        device, weight.gate,
        {.rows = count, .x = x, .bias = advance<float>(product.bias, out), .out = gates.data()});
    gelu_bf16(gates.data(), count * out);  // oneDNN's takes as long as the product
    multiply(device, weight.value,
             {.rows = count,
              .x = x,
              .bias = product.bias,
              .factor = gates.data(),
              .out = static_cast<std::uint16_t*>(product.out) + row * out});
  }
}

}  // namespace

void linear_geglu_bf16(Device& device, const PackedGeglu& weight, const Product& product) {
  if (product.rows == 0) return;
  if (has_tiles(weight.value.in, weight.value.out)) {
    geglu_tiles(device, weight, product);
  } else {
    multiply_twice(device, weight, product);
  }
}

}  // namespace sagitta::cpu
