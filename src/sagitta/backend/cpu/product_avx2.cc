// Products with AVX2 and FMA.
#include "sagitta/backend/cpu/product_tile.h"

#include <immintrin.h>

namespace sagitta::cpu {
namespace {

struct Avx2 {
  using Vec = __m256;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 6;

  static Vec set(float value) { return _mm256_set1_ps(value); }
  static Vec load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Vec value) { _mm256_storeu_ps(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
};

bool usable() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

}  // namespace

constexpr ProductPath kProductAvx2 = product_path<Avx2>("avx2", usable);

}  // namespace sagitta::cpu
