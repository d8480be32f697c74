// Attention with the compiler's portable vectors of 4 floats, for processors without a path of
// their own.
#include "sagitta/backend/cpu/attention_portable.h"
#include "sagitta/backend/cpu/attention_stream.h"

namespace sagitta::cpu {
namespace {

struct Generic : Portable {
  using Operand = Vec;
  using Word = float;
  static constexpr int kDepth = 1;

  static Operand words(const Word* from) { return load(from); }
  static Operand broadcast(const Word* from) { return set(*from); }
  static Vec dot(Operand a, Operand b, Vec sum) { return fma(a, b, sum); }
};

bool usable() { return true; }

}  // namespace

constexpr AttentionPath kAttentionGenericF32 =
    attention_path<Generic, float>("generic f32", DType::f32, usable);
constexpr AttentionPath kAttentionGenericBf16 =
    attention_path<Generic, std::uint16_t>("generic bf16", DType::bf16, usable);

}  // namespace sagitta::cpu
