// Matrix products in f32 with kernels of this project: faster than oneDNN's where AVX2 is the best
// instruction set, and a row's result does not depend on how many rows there are.
#pragma once

#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/product_path.h"

#include <span>

namespace sagitta::cpu {

// All paths, the best one first.
[[nodiscard]] std::span<const ProductPath* const> product_paths();
// The best one for this processor. Weights in f32 lie in its panels.
[[nodiscard]] const ProductPath& product_path();

// Neighbouring panels of weights, (count, panel_step); in each, rows of path.columns values.
struct Panels {
  const float* data;
  std::int64_t step;   // between panels, in values
  std::int64_t count;
};

// out(row, panel * columns + column) = the products of all panels with `depth` values of each row of
// a, which are added if `onto`. In blocks that stay in the cache; on the calling thread.
void multiply_panels(const ProductPath& path, Rows<const float> a, std::int64_t rows,
                     const Panels& panels, std::int64_t depth, bool onto, Rows<float> out);

// The row `multiply` for weights in panels; with `gate`, out = value * gelu(gate) and so on.
void multiply_f32(Device& device, const PackedMatrix& value, const PackedMatrix* gate,
                  const Product& product);

}  // namespace sagitta::cpu
