// Attention with AVX512_BF16: both products multiply bf16 pairs (vdpbf16ps) and sum in f32; logits
// and sums are f32. Only the weights are bf16, and sums are those of them.
#include "sagitta/backend/cpu/attention_avx512_base.h"
#include "sagitta/backend/cpu/attention_bf16_weights.h"
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
  using Avx512Base::store;
  static void store(void* to, Operand words) { _mm512_storeu_si512(to, words); }

  // Pairs with a logit that is NaN become NaN, and infinite ones if max is infinite.
  static Operand weights(const Vec (&s)[kDepth], Vec max, Vec& sum) {
    const Vec steps = set(bf16::kSteps);
    const Vec one = set(bf16::kWeightOne);
    const Vec first = fma(s[0] - max, steps, one);
    const Vec second = fma(s[1] - max, steps, one);
    const Operand in_turns = _mm512_shuffle_epi8(bf16::weights(first, second), turns());
    const __mmask16 broken = _mm512_cmp_ps_mask(first, second, _CMP_UNORD_Q);
    const Operand words = _mm512_mask_mov_epi32(in_turns, broken, _mm512_set1_epi32(-1));
    sum = dot(words, _mm512_set1_epi16(kOne), sum);
    return words;
  }

  static bool usable() {
    return Avx512Base::usable() && __builtin_cpu_supports("avx512bf16") != 0 &&
           __builtin_cpu_supports("avx512vbmi") != 0;
  }

 private:
  static constexpr short kOne = 0x3F80;  // as bf16

  // Of four weights of the first row and four of the second, in turns: bytes of each quarter.
  static Operand turns() {
    return _mm512_set4_epi32(0x0F0E0706, 0x0D0C0504, 0x0B0A0302, 0x09080100);
  }
};

}  // namespace

constexpr AttentionPath kAttentionBf16Dot =
    attention_path<Bf16Dot, std::uint16_t>("avx512 bf16 dot", DType::bf16, Bf16Dot::usable);

}  // namespace sagitta::cpu
