// Products with AVX-512.
#include "sagitta/backend/cpu/product_tile.h"

#include <immintrin.h>

namespace sagitta::cpu {
namespace {

struct Avx512 {
  using Vec = __m512;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 12;

  static Vec set(float value) { return _mm512_set1_ps(value); }
  static Vec load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Vec value) { _mm512_storeu_ps(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
};

bool usable() { return __builtin_cpu_supports("avx512f") != 0; }

}  // namespace

constexpr ProductPath kProductAvx512 = product_path<Avx512>("avx512", usable);

}  // namespace sagitta::cpu
