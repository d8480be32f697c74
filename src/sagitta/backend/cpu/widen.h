// bf16 as floats with AVX-512. always_inline, since files with different flags include it.
#pragma once

#include <immintrin.h>

namespace sagitta::cpu {

// 16 bf16.
[[gnu::always_inline]] inline __m512 widen(__m256i values) {
  const __m512i words = _mm512_maskz_cvtepu16_epi32(0xFFFF, values);
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xFFFF, words, 16));
}

}  // namespace sagitta::cpu
