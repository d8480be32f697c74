#include "sagitta/backend/cpu/geglu_bf16.h"

#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/elementwise.h"
#include "sagitta/backend/cpu/geglu_amx.h"
#include "sagitta/backend/cpu/gelu_table.h"
#include "sagitta/backend/cpu/simd.h"

#include <omp.h>

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kElement = 2;  // bytes

// Moves a pointer that may be null.
template <class T>
const T* advance(const void* data, std::int64_t elements) {
  return data == nullptr ? nullptr : static_cast<const T*>(data) + elements;
}

// A task has so many rows that reading its weights again costs little, and so few that they stay in
// the second cache; and columns enough to load the rows for.
constexpr std::int64_t kTaskRows = 256;
constexpr std::int64_t kTaskColumns = 20 * kGegluColumns;

void multiply_tiles(Device& device, const PackedGeglu& weight, const Product& product) {
  const std::int64_t in = weight.value.in;
  const std::int64_t out = weight.value.out;
  const std::int64_t row_parts = divide_up(product.rows, kTaskRows);
  const std::int64_t column_parts = divide_up(out, kTaskColumns);
  const std::int64_t tasks = row_parts * column_parts;
  const int threads = static_cast<int>(std::min<std::int64_t>(tasks, omp_get_max_threads()));
  const std::int64_t room = kGegluRows * in;
  const PoolBlock scratch(device, static_cast<std::size_t>(threads * room * kElement));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (std::int64_t i = 0; i < tasks; ++i) {
    const std::int64_t row = i / column_parts * kTaskRows;
    const std::int64_t column = i % column_parts * kTaskColumns;
    const auto tiles = [&](const PackedMatrix& matrix) {
      return static_cast<const std::byte*>(matrix.values.data()) + column * in * kElement;
    };
    geglu_amx({.in = in,
               .out_step = out,
               .x = advance<std::uint16_t>(product.x, row * in),
               .rows = std::min(kTaskRows, product.rows - row),
               .value = tiles(weight.value),
               .gate = tiles(weight.gate),
               .columns = std::min(kTaskColumns, out - column),
               .value_bias = advance<float>(product.bias, column),
               .gate_bias = advance<float>(product.bias, out + column),
               .gelu = &gelu_table(),
               .out = static_cast<std::uint16_t*>(product.out) + row * out + column},
              static_cast<std::uint16_t*>(scratch.data()) + room * omp_get_thread_num());
  }
}

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

std::optional<Layout> geglu_layout(std::int64_t in, std::int64_t out) {
  if (!amx_usable() || in % kGegluDepth != 0 || out % kGegluColumns != 0) return std::nullopt;
  return Layout({in, out}, dnnl::memory::data_type::bf16, dnnl::memory::format_tag::BA16a16b2a);
}

void linear_geglu_bf16(Device& device, const PackedGeglu& weight, const Product& product) {
  if (product.rows == 0) return;
  if (geglu_layout(weight.value.in, weight.value.out)) {
    multiply_tiles(device, weight, product);
  } else {
    multiply_twice(device, weight, product);
  }
}

}  // namespace sagitta::cpu
