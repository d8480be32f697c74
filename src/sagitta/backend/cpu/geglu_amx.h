// The gated product with AMX. geglu_amx.cc is compiled for its instruction set, so functions that
// other files use too are always_inline: the linker might keep their copy.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

struct GeluTable;

// What the number of columns and the length of the sums are multiples of.
constexpr std::int64_t kGegluColumns = 16;
constexpr std::int64_t kGegluDepth = 32;
// Rows of a block.
constexpr std::int64_t kGegluRows = 32;

// out = (x value + value_bias) * gelu(x gate + gate_bias), for some rows and columns.
// Matrices of weights are tiles of 32 x 16 bf16, as tdpbf16ps takes them: (column, depth).
struct GegluTask {
  std::int64_t in;        // values of a row of x
  std::int64_t out_step;  // between rows of out
  const std::uint16_t* x;
  std::int64_t rows;
  const std::byte* value;  // the tiles of the first column
  const std::byte* gate;
  std::int64_t columns;
  const float* value_bias;  // of the first column; null: none
  const float* gate_bias;   // likewise
  const GeluTable* gelu;
  std::uint16_t* out;  // of the first row and column
};

// Needs amx_usable(). scratch: room for kGegluRows rows of x.
void geglu_amx(const GegluTask& task, std::uint16_t* scratch);

}  // namespace sagitta::cpu
