// The part of an Isa (attention_tile.h) that the two AVX-512 paths share: arithmetic on 16 floats.
#pragma once

#include "sagitta/backend/cpu/attention_tile.h"

#include <immintrin.h>

namespace sagitta::cpu {

// Path keeps the functions of the two paths apart: they are compiled with different flags.
template <class Path>
struct Avx512Base {
  using Vec = __m512;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 8;
  static constexpr int kVectors = 3;
  // Masks of all lanes, since g++ 12 takes the plain forms for uses of uninitialised values.
  static constexpr __mmask16 kAllLanes = 0xFFFF;

  static Vec set(float value) { return _mm512_set1_ps(value); }
  static Vec load(const void* from) { return _mm512_loadu_ps(from); }
  static void store(void* to, Vec value) { _mm512_storeu_ps(to, value); }
  static Vec iota() { return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static Vec max(Vec a, Vec b) { return _mm512_maskz_max_ps(kAllLanes, a, b); }
  // The fraction of -infinity is 0, and its power 0.
  static Vec fraction(Vec x) { return _mm512_reduce_ps(x, _MM_FROUND_FLOOR | _MM_FROUND_NO_EXC); }
  static Vec times_power(Vec p, Vec x) { return _mm512_maskz_scalef_ps(kAllLanes, p, x); }
  static Vec keep(Vec key, Vec query, Vec s) {
    return _mm512_mask_mov_ps(set(-kUnbounded), _mm512_cmp_ps_mask(key, query, _CMP_LE_OQ), s);
  }

  static bool usable() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  }
};

}  // namespace sagitta::cpu
