// Attention with AVX2 and FMA in f32, for f32 and bf16 tensors. The micro-kernel's 4 x 3 sums, 3
// vectors of the matrix and 1 broadcast fill the 16 registers.
#include "sagitta/backend/cpu/attention_stream.h"

#include <immintrin.h>

namespace sagitta::cpu {
namespace {

struct Avx2 {
  using Vec = __m256;
  using Operand = __m256;
  using Word = float;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 4;
  static constexpr int kVectors = 3;
  static constexpr int kDepth = 1;

  static Vec set(float value) { return _mm256_set1_ps(value); }
  static Vec load(const void* from) { return _mm256_loadu_ps(static_cast<const float*>(from)); }
  static void store(void* to, Vec value) { _mm256_storeu_ps(static_cast<float*>(to), value); }
  static Vec iota() { return _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static Vec fraction(Vec x) { return clamp(x) - _mm256_floor_ps(clamp(x)); }
  // The bits of 2^n are (n + 127) << 23; those of n = -127 are zero.
  static Vec times_power(Vec p, Vec x) {
    const __m256i n = _mm256_cvtps_epi32(_mm256_floor_ps(clamp(x)));
    const __m256i biased = _mm256_add_epi32(n, _mm256_set1_epi32(127));
    return p * _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
  }
  static Vec keep(Vec key, Vec query, Vec s) {
    return _mm256_blendv_ps(set(-kUnbounded), s, _mm256_cmp_ps(key, query, _CMP_LE_OQ));
  }
  static Operand words(const Word* from) { return _mm256_loadu_ps(from); }
  static Operand broadcast(const Word* from) { return _mm256_broadcast_ss(from); }
  static Vec dot(Operand a, Operand b, Vec sum) { return _mm256_fmadd_ps(a, b, sum); }

 private:
  // maxps gives its second operand if one is NaN.
  static Vec clamp(Vec x) { return _mm256_max_ps(set(-127.0F), x); }
};

bool usable() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

}  // namespace

constexpr AttentionPath kAttentionAvx2F32 =
    attention_path<Avx2, float>("avx2 f32", DType::f32, usable);
constexpr AttentionPath kAttentionAvx2Bf16 =
    attention_path<Avx2, std::uint16_t>("avx2 bf16", DType::bf16, usable);

}  // namespace sagitta::cpu
