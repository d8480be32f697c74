// Attention that never writes its logits to memory, for heads in bf16.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

// softmax(q k^T * scale) v per head, in bf16 by tiles that stay on the chip. Products are summed
// in f32, the softmax is taken in f32, and its weights are rounded to bf16 for the second product.
// All four arrays are dense and 16-byte aligned.
struct FlashAttention {
  const void* q;         // bf16 (batch, queries, heads * size)
  const void* k;         // bf16 (batch, keys, heads * size)
  const void* v;         // like k
  void* out;             // like q; may be q itself, but must not overlap k or v
  std::int64_t batch;    // none is no work
  std::int64_t queries;  // at least 1, like keys
  std::int64_t keys;
  int heads;
  int size;        // channels of a head; see flash_takes
  float scale;     // above 0
  bool causal;     // key j is seen by query i only if j <= i
  int processors;  // streaming multiprocessors of the device, by which work is cut
};

// Whether heads of this size can be taken: multiples of 8 up to 160.
[[nodiscard]] bool flash_takes(int size);

// Issues the work on the stream of the current device, which must be of compute capability 8.0 or
// later. cudaErrorInvalidValue says that nothing was issued because the arguments break the rules
// above; any other failure is the runtime's own.
[[nodiscard]] cudaError_t attention_flash(const FlashAttention& args, cudaStream_t stream);

}  // namespace sagitta::cuda
