// Attention with AVX-512 in f32, for f32 and bf16 tensors.
#include "sagitta/backend/cpu/attention_avx512_base.h"
#include "sagitta/backend/cpu/attention_stream.h"

namespace sagitta::cpu {
namespace {

struct Avx512 : Avx512Base<Avx512> {
  using Operand = __m512;
  using Word = float;
  static constexpr int kDepth = 1;

  static Operand words(const Word* from) { return _mm512_loadu_ps(from); }
  static Operand broadcast(const Word* from) { return _mm512_set1_ps(*from); }
  static Vec dot(Operand a, Operand b, Vec sum) { return _mm512_fmadd_ps(a, b, sum); }
};

}  // namespace

constexpr AttentionPath kAttentionAvx512F32 =
    attention_path<Avx512, float>("avx512 f32", DType::f32, Avx512::usable);
constexpr AttentionPath kAttentionAvx512Bf16 =
    attention_path<Avx512, std::uint16_t>("avx512 bf16", DType::bf16, Avx512::usable);

}  // namespace sagitta::cpu
