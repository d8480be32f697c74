// Linear layers with AMX, see linear_bf16.h.
//
// A matrix of weights (in, out) is panels of 32 columns: (out / 32, in / 32, 16, 32, 2), where row
// r of the 16 has the elements 2r and 2r + 1 of each column. So two tiles lie beside each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

struct GeluTable;

constexpr std::int64_t kPanelColumns = 32;
// What the length of the sums is a multiple of.
constexpr std::int64_t kLinearDepth = 32;
// Rows of a block.
constexpr std::int64_t kLinearRows = 32;

// Some rows and columns of a product.
struct LinearPart {
  std::int64_t in;         // a multiple of kLinearDepth
  std::int64_t out;        // from one row of the results, and of the residual, to the next one
  const std::uint16_t* x;  // (rows, in)
  std::int64_t rows;
  std::int64_t columns;    // a multiple of kPanelColumns, at most out
  std::uint16_t* results;  // (rows, columns), the first row and column
};

// results = x weights + bias + residual.
struct LinearTask {
  LinearPart part;
  const std::byte* weights;       // the first panel
  const float* bias;              // of the first column; null: none
  const std::uint16_t* residual;  // of the first row and column; null: none
};

// results = (x value + value_bias) * gelu(x gate + gate_bias).
struct GegluTask {
  LinearPart part;
  const std::byte* value;  // the first panel
  const std::byte* gate;
  const float* value_bias;  // of the first column; null: none
  const float* gate_bias;   // likewise
  const GeluTable* gelu;
};

// Need amx_usable(). scratch: room for kLinearRows rows of x.
void linear_amx(const LinearTask& task, std::uint16_t* scratch);
void geglu_amx(const GegluTask& task, std::uint16_t* scratch);

}  // namespace sagitta::cpu
