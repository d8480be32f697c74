// Attention with AVX512_BF16: both products multiply bf16 pairs (vdpbf16ps) and sum in f32; logits,
// softmax and sums are f32. Only the weights are rounded, to bf16, for the product with v.
#include "sagitta/backend/cpu/attention_avx512_base.h"
#include "sagitta/backend/cpu/attention_stream.h"

namespace sagitta::cpu {
namespace {

struct Bf16Dot : Avx512Base<Bf16Dot> {
  using Operand = __m512i;
  using Word = std::uint32_t;  // two bf16, the first in the low half
  static constexpr int kDepth = 2;

  static Operand words(const Word* from) { return _mm512_loadu_si512(from); }
  static Operand broadcast(const Word* from) { return _mm512_set1_epi32(static_cast<int>(*from)); }
  static Vec dot(Operand a, Operand b, Vec sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
  // The conversion puts p[0] into the low half of the register and p[1] into the high half.
  static void store_weights(Word* to, const Vec (&p)[kDepth]) {
    const auto halves = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(p[1], p[0]));
    _mm512_storeu_si512(to, _mm512_maskz_permutexvar_epi16(~0U, pairs(), halves));
  }
  static bool usable() { return Avx512Base::usable() && __builtin_cpu_supports("avx512bf16") != 0; }

 private:
  // 0 16 1 17 2 18 ...: lanes of 16 bits of the low and the high half in turns.
  static __m512i pairs() {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_or_si512(lane,
                           _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16)), 16));
  }
};

}  // namespace

constexpr AttentionPath kAttentionBf16Dot =
    attention_path<Bf16Dot, std::uint16_t>("avx512 bf16 dot", DType::bf16, Bf16Dot::usable);

}  // namespace sagitta::cpu
