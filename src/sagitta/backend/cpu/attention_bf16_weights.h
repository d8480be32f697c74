// Weights of a softmax as bf16, made with integers of AVX512_VBMI. Files with different flags
// include it, so functions are always_inline: the linker might keep their copy.
//
// A bf16 is a number of 16 bits: 8 of exponent above 7 of fraction. Read as an integer it is nearly
// a logarithm: 128 (127 + x) is 2^n (1 + f) for x = n + f, where 2^(n + f) is wanted. The two
// differ by 128 (1 + f - 2^f) steps, at most 11, which depend on f alone: a table of 64 bytes is
// one register, and one instruction looks up 32 weights in it. The root of the mean square error is
// 0.0024 of a weight, where rounding the exact weight to bf16 has 0.0017.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace sagitta::cpu::bf16 {

constexpr float kSteps = 128;  // of one doubling
constexpr float kWeightOne = 127 * kSteps;

struct alignas(64) Excess {
  std::uint8_t steps[64];
};

// 128 (1 + f - 2^f) in the middle of 64 parts of [0, 1).
constexpr Excess kExcess = [] {
  Excess table{};
  for (int i = 0; i < 64; ++i) {
    const double f = (i + 0.5) / 64;
    double power = 1;
    double term = 1;
    for (int n = 1; n < 20; ++n) {
      term *= f * 0.693147180559945309 / n;
      power += term;
    }
    // Not 0.5: so that the mean of the weights is right, to 5e-5.
    table.steps[i] = static_cast<std::uint8_t>(128 * (1 + f - power) + 0.46);
  }
  return table;
}();

// 2^x for 32 values kWeightOne + kSteps * x: of eight weights in a row, four belong to `first` and
// four to `second`, in order. Below 2^-127 and for NaN 0.
[[gnu::always_inline]] inline __m512i weights(__m512 first, __m512 second) {
  constexpr __mmask64 kLowBytes = 0x5555555555555555;
  // A mask of all lanes, since g++ 12 takes the plain form for a use of uninitialised values.
  constexpr __mmask16 kAllLanes = 0xFFFF;
  const __m512i all = _mm512_packs_epi32(_mm512_maskz_cvtps_epi32(kAllLanes, first),
                                         _mm512_maskz_cvtps_epi32(kAllLanes, second));
  const __m512i x = _mm512_max_epi16(all, _mm512_setzero_si512());
  const __m512i part = _mm512_srli_epi16(x, 1);
  const __m512i excess =
      _mm512_maskz_permutexvar_epi8(kLowBytes, part, _mm512_load_si512(kExcess.steps));
  return _mm512_sub_epi16(x, excess);
}

// The weights of `first` and of `second`, as floats.
[[gnu::always_inline]] inline __m512 first_of(__m512i weights) {
  return _mm512_castsi512_ps(_mm512_unpacklo_epi16(_mm512_setzero_si512(), weights));
}
[[gnu::always_inline]] inline __m512 second_of(__m512i weights) {
  return _mm512_castsi512_ps(_mm512_unpackhi_epi16(_mm512_setzero_si512(), weights));
}

// The same weights times 2^(-steps / kSteps), exact for whole doublings; 0 below 2^-127.
[[gnu::always_inline]] inline __m512i fewer_steps(__m512i weights, std::int16_t steps) {
  const __m512i fewer = _mm512_sub_epi16(weights, _mm512_set1_epi16(steps));
  return _mm512_max_epi16(fewer, _mm512_setzero_si512());
}

}  // namespace sagitta::cpu::bf16
