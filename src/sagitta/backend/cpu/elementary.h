// The bf16 element and elementary functions that a compiler vectorises. All are always_inline and
// call nothing else, so that sources which are compiled for one instruction set may include them,
// too.
#pragma once

#include <cstdint>

namespace sagitta::cpu {

// The upper half of a float. As an element type it selects the bf16 form of a kernel.
struct Bf16 {
  std::uint16_t bits;
};

[[gnu::always_inline]] inline float to_float(float x) { return x; }
[[gnu::always_inline]] inline float to_float(Bf16 x) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(x.bits) << 16U);
}

// Rounds to nearest even; NaN stays NaN.
[[gnu::always_inline]] inline void store(float value, float* out) { *out = value; }
[[gnu::always_inline]] inline void store(float value, Bf16* out) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U;
  const std::uint32_t quiet_nan = (bits >> 16U) | 0x40U;
  out->bits = static_cast<std::uint16_t>((bits & 0x7FFFFFFFU) > 0x7F800000U ? quiet_nan : rounded);
}

// condition ? a : b, in a form that compilers do not turn into a jump, so that loops become vector
// code.
[[gnu::always_inline]] inline float select(bool condition, float a, float b) {
  const std::uint32_t mask = -static_cast<std::uint32_t>(condition);
  return __builtin_bit_cast(float, (__builtin_bit_cast(std::uint32_t, a) & mask) |
                                       (__builtin_bit_cast(std::uint32_t, b) & ~mask));
}

// e^x with a relative error below 2e-7; 0 below -86.9 (a subnormal is not worth a branch), infinity
// above 88.72. x = n ln 2 + r; e^r is its Taylor polynomial, short because |r| <= 0.35.
[[gnu::always_inline]] inline float exp(float x) {
  constexpr float kLog2E = 1.44269504F;
  constexpr float kLn2High = 0.693359375F;  // few bits, so that n times it is exact
  constexpr float kLn2Low = -2.12194440e-4F;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  constexpr float kLowest = -86.9F;
  constexpr float kHighest = 89.0F;
  float clamped = select(x > kHighest, kHighest, x);
  clamped = select(x < kLowest, kLowest, clamped);
  const float shifted = clamped * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (clamped - n * kLn2High) - n * kLn2Low;
  float p = 1.0F / 5040;
  p = p * r + 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  // 2^(n-1), doubled afterwards so that n = 128 does not overflow too early.
  const float half_power =
      __builtin_bit_cast(float, (__builtin_bit_cast(std::uint32_t, shifted) + 126U) << 23U);
  const float result = p * half_power * 2.0F;
  return select(x < kLowest, 0.0F, result);
}

// 1 / (1 + e^-x).
[[gnu::always_inline]] inline float sigmoid(float x) { return 1.0F / (1.0F + cpu::exp(-x)); }

// x * sigmoid(x).
[[gnu::always_inline]] inline float silu(float x) { return x * sigmoid(x); }

// x * sigmoid(1.702 x).
[[gnu::always_inline]] inline float quick_gelu(float x) { return x * sigmoid(1.702F * x); }

// The standard normal distribution function, (1 + erf(x / sqrt 2)) / 2, with a small RELATIVE error
// also in its lower tail: Phi(-t) = e^(-t^2/2) Q(t) for t >= 0, where Q is u times a polynomial in
// u = 1 / (1 + 0.35 t), interpolated at the Chebyshev nodes of t in 0..14 (error of Q below 4e-8).
[[gnu::always_inline]] inline float normal_cdf(float x) {
  const float t = __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, x) & 0x7FFFFFFFU);
  const float u = 1.0F / (1.0F + 0.35F * t);
  float q = -0.029679522F;
  q = q * u + 0.1465458303F;
  q = q * u - 0.2609612283F;
  q = q * u + 0.1650509959F;
  q = q * u - 0.02704660827F;
  q = q * u + 0.1071145876F;
  q = q * u + 0.1194449168F;
  q = q * u + 0.1399122981F;
  q = q * u + 0.1396187126F;
  const float tail = cpu::exp(-0.5F * t * t) * q * u;
  return select(x > 0, 1.0F - tail, tail);
}

// x * Phi(x): the exact GELU.
[[gnu::always_inline]] inline float gelu(float x) { return x * normal_cdf(x); }

// 2^x for x in -125..125, with a relative error below 8e-5: by the cubic of the least error.
[[gnu::always_inline]] inline float short_exp2(float x) {
  constexpr float kRound = 12582912.0F;  // as in exp()
  const float shifted = x + kRound;
  const float f = x - (shifted - kRound);
  float p = 0.0551716674F;
  p = p * f + 0.242611122F;
  p = p * f + 0.693260986F;
  p = p * f + 0.999928074F;
  return p * __builtin_bit_cast(float, (__builtin_bit_cast(std::uint32_t, shifted) + 127U) << 23U);
}

// SiLU for results that are rounded to bf16, with a relative error below 5e-4 above -80 and no
// division: the reciprocal is a guess by integers, whose error of 12 % is squared twice.
[[gnu::always_inline]] inline float short_silu(float x) {
  constexpr float kLog2E = 1.44269504F;
  const float power = -kLog2E * x;
  const float above = select(power < -125.0F, -125.0F, power);
  const float a = 1.0F + short_exp2(select(above > 125.0F, 125.0F, above));
  float r = __builtin_bit_cast(float, 0x7EF311C7U - __builtin_bit_cast(std::uint32_t, a));
  r = r * (2.0F - a * r);
  r = r * (2.0F - a * r);
  return x * r;
}

// GELU for results that are rounded to bf16, with a relative error below 8e-4, less than half of
// what the rounding does, and no division. As normal_cdf(), with the polynomial Q in t over 0..5.5
// of the least relative error (beyond, Phi(-t) is below 2e-8).
[[gnu::always_inline]] inline float short_gelu(float x) {
  constexpr float kHalfLog2E = 0.721347520F;
  const float t = __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, x) & 0x7FFFFFFFU);
  const float power = -kHalfLog2E * t * t;
  const float bell = short_exp2(select(power < -125.0F, -125.0F, power));
  const float near = select(t > 5.5F, 5.5F, t);
  float q = -1.7413693e-5F;
  q = q * near + 4.25135922e-4F;
  q = q * near - 4.40158178e-3F;
  q = q * near + 0.0254701171F;
  q = q * near - 0.092226148F;
  q = q * near + 0.224841841F;
  q = q * near - 0.392347178F;
  q = q * near + 0.499678183F;
  const float tail = bell * q;
  return x * select(x > 0, 1.0F - tail, tail);
}

}  // namespace sagitta::cpu
