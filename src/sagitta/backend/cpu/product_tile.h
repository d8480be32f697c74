// The arithmetic of ProductPath: kRows rows by a panel of two vectors, with all sums in registers.
// Each step along the summed axis loads two vectors of the panel and multiplies them by kRows
// broadcast values of a: 6 x 2 sums, 2 of the panel and 1 broadcast of the 16 registers of AVX2,
// 12 x 2 + 2 of the 32 of AVX-512, where a broadcast is part of the multiplication.
//
// Isa is a struct with Vec, kLanes, kRows, set(float), load(address), store(address, Vec) and
// fma(a, b, c) = a * b + c.
#pragma once

#include "sagitta/backend/cpu/product_path.h"

namespace sagitta::cpu {

template <class Isa, int kCount>
[[gnu::always_inline]] inline void multiply_rows(MatrixRows<const float> a, const float* panel,
                                                 std::int64_t depth, bool onto,
                                                 MatrixRows<float> out) {
  constexpr int kLanes = Isa::kLanes;
  typename Isa::Vec sums[kCount][2];
  for (int i = 0; i < kCount; ++i) {
    for (int j = 0; j < 2; ++j) {
      sums[i][j] = onto ? Isa::load(out.data + i * out.step + j * kLanes) : Isa::set(0);
    }
  }
  for (std::int64_t t = 0; t < depth; ++t, panel += 2 * kLanes) {
    const typename Isa::Vec left = Isa::load(panel);
    const typename Isa::Vec right = Isa::load(panel + kLanes);
    for (int i = 0; i < kCount; ++i) {
      const typename Isa::Vec value = Isa::set(a.data[i * a.step + t]);
      sums[i][0] = Isa::fma(value, left, sums[i][0]);
      sums[i][1] = Isa::fma(value, right, sums[i][1]);
    }
  }
  for (int i = 0; i < kCount; ++i) {
    for (int j = 0; j < 2; ++j) Isa::store(out.data + i * out.step + j * kLanes, sums[i][j]);
  }
}

// What is left of the rows: fewer than kCount + 1.
template <class Isa, int kCount>
[[gnu::always_inline]] inline void multiply_last(MatrixRows<const float> a, std::int64_t rows,
                                                 const float* panel, std::int64_t depth, bool onto,
                                                 MatrixRows<float> out) {
  if constexpr (kCount > 0) {
    if (rows == kCount) return multiply_rows<Isa, kCount>(a, panel, depth, onto, out);
    multiply_last<Isa, kCount - 1>(a, rows, panel, depth, onto, out);
  }
}

template <class Isa>
void multiply_panel(MatrixRows<const float> a, std::int64_t rows, const float* panel,
                    std::int64_t depth, bool onto, MatrixRows<float> out) {
  std::int64_t row = 0;
  for (; row + Isa::kRows <= rows; row += Isa::kRows) {
    multiply_rows<Isa, Isa::kRows>({a.data + row * a.step, a.step}, panel, depth, onto,
                                   {out.data + row * out.step, out.step});
  }
  multiply_last<Isa, Isa::kRows - 1>({a.data + row * a.step, a.step}, rows - row, panel, depth,
                                     onto, {out.data + row * out.step, out.step});
}

template <class Isa>
constexpr ProductPath product_path(const char* name, bool (*usable)()) {
  return {name, usable, 2 * Isa::kLanes, Isa::kRows, multiply_panel<Isa>};
}

}  // namespace sagitta::cpu
