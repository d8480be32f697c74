// All calls of oneDNN. A plan is a oneDNN primitive for one set of sizes; its weights lie in the
// layout that was given, or in the layout that oneDNN likes best where none was given. The rest of
// the backend only hands memory around, so another version of oneDNN concerns dnnl.cc alone.
#pragma once

#include "sagitta/core/dtype.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/shape.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace sagitta::cpu {

// Type, sizes and order of the elements of a memory block.
using Layout = dnnl::memory::desc;

// The type of a problem whose x is of bytes (u8), whose weights are of signed bytes (i8), and whose
// out is of sums (i32), with nothing added to them.
inline constexpr DType kIntegers = DType::u8;

// The largest magnitude of a weight in int8 for which sums of products with bytes are right on this
// processor: 127 with VNNI or AMX. Older instructions add pairs of products in 16 bits.
[[nodiscard]] int largest_int8_weight();

// Whether oneDNN multiplies by tiles of AMX where the processor has them: ONEDNN_MAX_CPU_ISA may
// forbid it.
[[nodiscard]] bool uses_tiles();

// out = activation(x weight + bias) * factor + residual, where the parts that are asked for exist.
struct MatmulProblem {
  DType type = DType::f32;  // of all but the bias, which is f32; or kIntegers
  std::int64_t rows = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  Activation activation = Activation::none;
  bool bias = false;
  bool factor = false;    // (rows, out)
  bool residual = false;  // (rows, out)

  auto operator<=>(const MatmulProblem&) const = default;
};

// out = conv(x) + bias, or out += conv(x) + bias. x and out are NHWC.
struct ConvProblem {
  DType type = DType::f32;  // of all but the bias, which is f32; or kIntegers
  std::int64_t batch = 1;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel_h = 1;
  std::int64_t kernel_w = 1;
  std::int64_t stride = 1;
  std::array<std::int64_t, 2> pad_before{};  // rows above, columns to the left
  std::array<std::int64_t, 2> pad_after{};   // rows below, columns to the right
  bool bias = false;
  bool accumulate = false;

  auto operator<=>(const ConvProblem&) const = default;
};

// Ready to run, from any thread and by several at once.
struct Plan {
  dnnl::primitive primitive;
  Layout x;
  Layout weights;
  Layout bias;
  Layout out;               // also of factor and residual
  std::size_t scratch = 0;  // bytes
  int factor_arg = 0;       // names of the operands of post-ops, 0 where there is none
  int residual_arg = 0;
  std::string implementation;  // oneDNN's name of it

  // Whether this is more than oneDNN's reference code, which is right, but a hundred times slower.
  [[nodiscard]] bool is_fast() const {
    return static_cast<bool>(primitive) && !implementation.starts_with("ref");
  }
};

struct Operands {
  const void* x = nullptr;
  const void* weights = nullptr;
  const float* bias = nullptr;
  const void* factor = nullptr;
  const void* residual = nullptr;
  void* out = nullptr;
  void* scratch = nullptr;  // plan.scratch bytes
};

// A plan for weights in this layout, or in another one where there is none or only reference code
// takes this one; then plan.weights tells which. A plan without a primitive means that oneDNN
// cannot do it here.
[[nodiscard]] Plan plan_matmul(const dnnl::engine& engine, const MatmulProblem& problem,
                               const Layout* weights);
[[nodiscard]] Plan plan_conv(const dnnl::engine& engine, const ConvProblem& problem,
                             const Layout* weights);

// Runs a plan to its end. Throws Error{unsupported} if it has no primitive.
void run(const dnnl::engine& engine, dnnl::stream& stream, const Plan& plan,
         const Operands& operands);

// The layout of a dense (out, in) matrix in memory, as the (in, out) weights of a product.
[[nodiscard]] Layout matrix_layout(DType type, std::int64_t in, std::int64_t out);
// The layout of dense (out, in, kernel_h, kernel_w) weights in memory.
[[nodiscard]] Layout kernel_layout(DType type, const Shape& shape);

// Where a layout of bf16 weights (out, in, kernel_h, kernel_w) has tiles of 32 x 16, as AMX takes
// them: blocks of `columns` of out, whose rows of pairs of in lie beside each other. Distances are
// in bytes.
struct KernelTiles {
  std::int64_t columns;        // a multiple of 16
  std::int64_t block;          // to the next block of out
  std::int64_t depth;          // to the next 32 of in
  std::int64_t kernel_row;     // to the next row of the kernel
  std::int64_t kernel_column;  // to the next column of the kernel
  std::int64_t tile_row;       // between the rows of a tile
};
// None: this is another kind of layout.
[[nodiscard]] std::optional<KernelTiles> kernel_tiles(const Layout& layout);

// The layout of f32 weights (out, in, kernel_h, kernel_w) in panels of 8, 16 or 32 of out, filled
// up with zeros: (panel, kernel_h, kernel_w, in, column).
[[nodiscard]] Layout panel_layout(const Shape& shape, std::int64_t columns);

// Copies values between layouts of equal sizes, converting the element type.
void reorder(const dnnl::engine& engine, dnnl::stream& stream, const Layout& from_layout,
             const void* from, const Layout& to_layout, void* to);

}  // namespace sagitta::cpu
