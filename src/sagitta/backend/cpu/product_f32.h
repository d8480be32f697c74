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
  std::int64_t step;  // between panels, in values
  std::int64_t count;
};

// out(row, panel * columns + column) = the products of all panels with `depth` values of each row
// of a, which are added if `onto`. In blocks that stay in the cache; on the calling thread.
void multiply_panels(const ProductPath& path, MatrixRows<const float> a, std::int64_t rows,
                     const Panels& panels, std::int64_t depth, bool onto, MatrixRows<float> out);

// A product cut into tasks of some rows and some panels, for threads to share. How it is cut does
// not change a result.
class ProductTasks {
 public:
  ProductTasks(std::int64_t rows, std::int64_t columns, std::int64_t depth);

  struct Task {
    std::int64_t row;
    std::int64_t rows;
    std::int64_t panel;
    std::int64_t panels;
  };
  [[nodiscard]] std::int64_t count() const { return row_parts_ * panel_parts_; }
  [[nodiscard]] Task at(std::int64_t index) const;
  // The sizes of the largest task.
  [[nodiscard]] std::int64_t most_rows() const;
  [[nodiscard]] std::int64_t most_panels() const;
  // One if there is too little work for more.
  [[nodiscard]] int threads() const { return threads_; }

 private:
  std::int64_t rows_;
  std::int64_t panels_;
  std::int64_t row_parts_;
  std::int64_t panel_parts_;
  bool rows_first_;  // the larger operand is read once, and the other one from a cache
  int threads_;
};

// Values along the summed axis that are multiplied at once: what multiply_panels() cuts into, and
// the least that callers should bring who fetch a part after the other.
[[nodiscard]] std::int64_t product_depth(const ProductPath& path);

// The row `multiply` for weights in panels; with `gate`, out = value * gelu(gate) and so on.
void multiply_f32(Device& device, const PackedMatrix& value, const PackedMatrix* gate,
                  const Product& product);

}  // namespace sagitta::cpu
