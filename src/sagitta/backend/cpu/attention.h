// Fused attention of the CPU backend: the (Tq, Tk) matrix is never formed (online softmax, Milakov
// and Gimelshein 2018; tiling as in FlashAttention, Dao et al. 2022). Logits, softmax and sums run
// in f32. A sample's result depends on neither the other samples of the batch nor the number of
// threads.
#pragma once

#include "sagitta/core/kernels.h"

#include <span>
#include <string_view>

namespace sagitta::cpu {

struct AttentionPath;

// The row `attention` of the kernel table, on the best path of this processor.
// q, k, v and out are of one dtype, f32 or bf16.
void attention(const AttentionArgs& args, Tensor& out);

// The same on a given path, which must be usable() and of the tensors' dtype.
void attention_on(const AttentionPath& path, const AttentionArgs& args, Tensor& out);

// Every path in this build, best first.
[[nodiscard]] std::span<const AttentionPath* const> attention_paths();

}  // namespace sagitta::cpu
