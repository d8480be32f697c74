// GELU for results that are rounded to bf16, by a table that fits into six vector registers:
// gelu(x) = max(x, 0) - g(|x|), where g(t) = t Phi(-t) is a bump. In each of 32 steps g is a
// quadratic in t, and 0 beyond kEnd, where it is 5e-6. The relative error of GELU is below 7e-4 for
// |x| < 3.5, less than half of what the rounding does, and its absolute error below 7e-6 beyond.
// NaN stays NaN, infinity becomes infinity and -infinity 0: the limit of GELU, whose formula has
// NaN.
#pragma once

namespace sagitta::cpu {

struct GeluTable {
  static constexpr int kSteps = 32;
  static constexpr float kStep = 0.15F;
  static constexpr float kEnd = 31.499F * kStep;
  // 1.5 * 2^23: adding it leaves an integer in the low bits.
  static constexpr float kRound = 12582912.0F;

  // -g(t) = c[0][i] + c[1][i] t + c[2][i] t^2 where i = t / kStep, rounded.
  alignas(64) float c[3][kSteps];
};

[[nodiscard]] const GeluTable& gelu_table();

}  // namespace sagitta::cpu
