// One way to multiply matrices of floats: an instruction set. Weights lie in panels of a few
// columns, (panel, depth, columns), the last one filled up with zeros. The files product_<isa>.cc
// are compiled for their instruction set, so they include no header with inline functions that
// other files use too: the linker might keep their copy.
#pragma once

#include <cstdint>

namespace sagitta::cpu {

// Rows of a matrix: the first value, and the distance between rows in values.
template <class T>
struct MatrixRows {
  T* data;
  std::int64_t step;

  [[nodiscard]] MatrixRows at(std::int64_t row, std::int64_t column) const {
    return {data + row * step + column, step};
  }
};

struct ProductPath {
  const char* name;
  bool (*usable)();      // whether this processor has the instructions
  std::int64_t columns;  // of a panel
  std::int64_t rows;     // whose sums fill the registers; a multiple of it is the fastest

  // out(row, column) = the sum over t < depth of a(row, t) * panel(t, column), added to what is
  // there if `onto`. A row's sums are always made in the same order, whatever its neighbours.
  void (*multiply)(MatrixRows<const float> a, std::int64_t rows, const float* panel,
                   std::int64_t depth, bool onto, MatrixRows<float> out);
};

extern const ProductPath kProductGeneric;
extern const ProductPath kProductAvx2;
extern const ProductPath kProductAvx512;

}  // namespace sagitta::cpu
