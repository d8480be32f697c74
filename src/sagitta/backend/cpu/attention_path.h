// One way to compute attention: an instruction set and an element type. A path only walks tiles of
// one (sample, head); what runs where is decided in attention.cc. The files attention_<isa>.cc are
// compiled for their instruction set, so functions that other files use too are always_inline or
// templates of their own: the linker might keep their copy.
#pragma once

#include "sagitta/core/dtype.h"

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

// Sizes and addresses of one call. Rows of q, k, v and out are heads * head_size elements.
struct AttentionProblem {
  const void* q;  // (batch, queries, heads * head_size)
  const void* k;  // (batch, keys, heads * head_size)
  const void* v;  // (batch, keys, heads * head_size)
  void* out;      // (batch, queries, heads * head_size)
  std::int64_t queries;
  std::int64_t keys;
  std::int64_t heads;
  std::int64_t head_size;
  float scale;
  bool causal;
  // (batch, heads, queries), both or none: about the largest logit of each query in a form of the
  // path's own, and one over the sum of the query's weights relative to it.
  float* row_max;
  float* row_weight;
};

// Work on one head: blocks of queries for attend, keys for receive.
struct AttentionTask {
  std::int64_t sample;
  std::int64_t head;
  std::int64_t begin;
  std::int64_t end;
};

struct AttentionPath {
  const char* name;
  DType dtype;              // of q, k, v and out
  bool (*usable)();         // whether this processor has the instructions
  std::int64_t block_rows;  // a head has round_up(queries, block_rows) / block_rows blocks
  // Blocks of one task share every packed key: at most so many, as long as their queries and
  // results stay in so much cache.
  std::int64_t most_blocks;
  std::int64_t cache_bytes;

  // Computes out, and row_max and row_weight where wanted, for task.end - task.begin blocks.
  void (*attend)(const AttentionProblem& problem, const AttentionTask& task, std::byte* scratch);
  std::size_t (*attend_scratch)(const AttentionProblem& problem, std::int64_t blocks);

  // From row_max and row_weight, as attend() of the same path left them: received[j - task.begin]
  // is the attention that key j receives.
  void (*receive)(const AttentionProblem& problem, const AttentionTask& task, std::byte* scratch,
                  float* received);
  std::size_t (*receive_scratch)(const AttentionProblem& problem, std::int64_t keys);
};

// Scratch is aligned to this many bytes.
constexpr std::size_t kAttentionAlignment = 64;

extern const AttentionPath kAttentionGenericF32;
extern const AttentionPath kAttentionGenericBf16;
extern const AttentionPath kAttentionAvx2F32;
extern const AttentionPath kAttentionAvx2Bf16;
extern const AttentionPath kAttentionAvx512F32;
extern const AttentionPath kAttentionAvx512Bf16;
extern const AttentionPath kAttentionBf16Dot;
extern const AttentionPath kAttentionAmx;

}  // namespace sagitta::cpu
