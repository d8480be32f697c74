// Device code for attention whose logits are held in memory.
#pragma once

#include "sagitta/core/dtype.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

// Rows of logits, one for each head and query; query i of each head is number first_query + i.
struct Logits {
  float* data = nullptr;  // (heads, queries, stride), of which `keys` count
  std::int64_t heads = 0;
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::int64_t stride = 0;
  std::int64_t first_query = 0;
  bool causal = false;  // key j is seen by query i only if j <= i
};

// Weights of attention from logits: (heads, queries, stride) in the type, zeros beyond the keys.
// The weights in f32 take the logits' place.
cudaError_t softmax(const Logits& logits, DType type, void* weights, cudaStream_t stream);

// received (keys) += the sum of the weights in f32 over heads and queries, times scale. floats:
// room for received_floats.
[[nodiscard]] std::int64_t received_floats(const Logits& weights);
cudaError_t add_received(const Logits& weights, float scale, float* floats, float* received,
                         cudaStream_t stream);

}  // namespace sagitta::cuda
