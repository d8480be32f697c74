#include "sagitta/backend/cpu/linear_bf16.h"

#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/gelu_table.h"
#include "sagitta/backend/cpu/linear_amx.h"
#include "sagitta/backend/cpu/simd.h"

#include <omp.h>

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kElement = 2;  // bytes

// A task has so many rows that reading its weights again costs little, and so few that they stay in
// the second cache.
constexpr std::int64_t kRowBytes = 1280 << 10;
constexpr std::int64_t kLeastRows = 128;
constexpr std::int64_t kMostRows = 512;
// Columns are split where there are too few rows for all threads.
constexpr std::int64_t kLeastColumns = 5 * kPanelColumns;
constexpr std::int64_t kTasksPerThread = 4;

// Rows and columns of a task.
struct Split {
  std::int64_t rows;
  std::int64_t columns;
};

Split split(std::int64_t rows, std::int64_t in, std::int64_t out) {
  const std::int64_t cached =
      std::clamp(kRowBytes / (in * kElement) / kLinearRows * kLinearRows, kLeastRows, kMostRows);
  const std::int64_t wanted = kTasksPerThread * omp_get_max_threads();
  const std::int64_t spread = divide_up(divide_up(rows, wanted), kLinearRows) * kLinearRows;
  const std::int64_t task_rows = std::clamp(spread, kLeastRows, cached);
  const std::int64_t most_parts = std::max<std::int64_t>(1, out / kLeastColumns);
  const std::int64_t parts = std::min(divide_up(wanted, divide_up(rows, task_rows)), most_parts);
  return {.rows = task_rows,
          .columns = divide_up(divide_up(out, parts), kPanelColumns) * kPanelColumns};
}

// A part of a product, and its place.
struct Part {
  LinearPart part;
  std::int64_t row;
  std::int64_t column;
};

// Splits the product and runs the parts on all threads, each with scratch for the kernels.
template <class Run>
void for_each_part(Device& device, const PackedMatrix& weight, const Product& product,
                   const Run& run) {
  if (product.rows == 0) return;
  const std::int64_t in = weight.in;
  const std::int64_t out = weight.out;
  const Split task = split(product.rows, in, out);
  const std::int64_t column_parts = divide_up(out, task.columns);
  const std::int64_t tasks = divide_up(product.rows, task.rows) * column_parts;
  const int threads = static_cast<int>(std::min<std::int64_t>(tasks, omp_get_max_threads()));
  const std::int64_t room = kLinearRows * in;
  const PoolBlock scratch(device, static_cast<std::size_t>(threads * room * kElement));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (std::int64_t i = 0; i < tasks; ++i) {
    const std::int64_t row = i / column_parts * task.rows;
    const std::int64_t column = i % column_parts * task.columns;
    const Part part{
        .part = {.in = in,
                 .out = out,
                 .x = advance<std::uint16_t>(product.x, row * in),
                 .rows = std::min(task.rows, product.rows - row),
                 .columns = std::min(task.columns, out - column),
                 .results = static_cast<std::uint16_t*>(product.out) + row * out + column},
        .row = row,
        .column = column};
    run(part, static_cast<std::uint16_t*>(scratch.data()) + room * omp_get_thread_num());
  }
}

const std::byte* panels(const PackedMatrix& matrix, std::int64_t column) {
  return static_cast<const std::byte*>(matrix.values.data()) + column * matrix.in * kElement;
}

}  // namespace

bool has_tiles(std::int64_t in, std::int64_t out) {
  return amx_usable() && in % kLinearDepth == 0 && out % kPanelColumns == 0;
}

std::optional<Layout> tile_layout(std::int64_t in, std::int64_t out) {
  if (!has_tiles(in, out)) return std::nullopt;
  return Layout({in, out}, dnnl::memory::data_type::bf16, dnnl::memory::format_tag::BA16a32b2a);
}

bool takes_tiles(const PackedMatrix& weight, const Product& product) {
  return has_tiles(weight.in, weight.out) && product.factor == nullptr &&
         product.activation == Activation::none;
}

void multiply_tiles(Device& device, const PackedMatrix& weight, const Product& product) {
  for_each_part(device, weight, product, [&](const Part& at, std::uint16_t* scratch) {
    linear_amx(
        {.part = at.part,
         .weights = panels(weight, at.column),
         .bias = advance<float>(product.bias, at.column),
         .residual = advance<std::uint16_t>(product.residual, at.row * weight.out + at.column)},
        scratch);
  });
}

void geglu_tiles(Device& device, const PackedGeglu& weight, const Product& product) {
  const std::int64_t out = weight.value.out;
  for_each_part(device, weight.value, product, [&](const Part& at, std::uint16_t* scratch) {
    geglu_amx({.part = at.part,
               .value = panels(weight.value, at.column),
               .gate = panels(weight.gate, at.column),
               .value_bias = advance<float>(product.bias, at.column),
               .gate_bias = advance<float>(product.bias, out + at.column),
               .gelu = &gelu_table()},
              scratch);
  });
}

}  // namespace sagitta::cpu
