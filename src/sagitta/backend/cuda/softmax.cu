#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/softmax.h"

#include <cmath>

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

struct Largest {
  __device__ static float first() { return -INFINITY; }
  __device__ static float of(float a, float b) { return fmaxf(a, b); }
};
struct Sum {
  __device__ static float first() { return 0.0F; }
  __device__ static float of(float a, float b) { return a + b; }
};

// One value of all threads of the block, in an order that never changes.
template <class Reduction>
__device__ float of_block(float value) {
  __shared__ float of_warps[kWarps];
  for (int step = 16; step > 0; step /= 2) {
    value = Reduction::of(value, __shfl_xor_sync(0xFFFFFFFFU, value, step));
  }
  __syncthreads();  // what an earlier call left has been read
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
  __syncthreads();
  value = Reduction::first();
  for (int i = 0; i < kWarps; ++i) value = Reduction::of(value, of_warps[i]);
  return value;
}

// A block makes a row. fmaxf drops NaN, but the exponentials bring them back.
template <class T>
__global__ void softmax_kernel(Logits logits, T* weights) {
  const std::int64_t row = blockIdx.x;
  float* const values = logits.data + row * logits.stride;
  T* const out = weights + row * logits.stride;
  const std::int64_t query = logits.first_query + row % logits.queries;
  const std::int64_t seen = logits.causal && query + 1 < logits.keys ? query + 1 : logits.keys;

  float largest = Largest::first();
  for (std::int64_t j = threadIdx.x; j < seen; j += kThreads) {
    largest = Largest::of(largest, values[j]);
  }
  largest = of_block<Largest>(largest);
  float sum = 0.0F;
  for (std::int64_t j = threadIdx.x; j < seen; j += kThreads) {
    const float weight = expf(values[j] - largest);
    values[j] = weight;
    sum += weight;
  }
  const float factor = 1.0F / of_block<Sum>(sum);
  for (std::int64_t j = threadIdx.x; j < logits.stride; j += kThreads) {
    const float weight = j < seen ? values[j] * factor : 0.0F;
    values[j] = weight;
    out[j] = from_float<T>(weight);
  }
}

__global__ void received_kernel(Logits weights, float scale, float* received) {
  const std::int64_t key = thread_item();
  if (key >= weights.keys) return;
  float sum = 0.0F;
  const std::int64_t rows = weights.heads * weights.queries;
  for (std::int64_t row = 0; row < rows; ++row) sum += weights.data[row * weights.stride + key];
  received[key] += sum * scale;
}

}  // namespace

cudaError_t softmax(const Logits& logits, DType type, void* weights, cudaStream_t stream) {
  const auto rows = static_cast<unsigned>(logits.heads * logits.queries);
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    softmax_kernel<<<rows, kThreads, 0, stream>>>(logits, static_cast<T*>(weights));
  });
}

cudaError_t add_received(const Logits& weights, float scale, float* received, cudaStream_t stream) {
  constexpr int kKeys = 64;
  received_kernel<<<blocks_for(weights.keys, kKeys), kKeys, 0, stream>>>(weights, scale, received);
  return cudaGetLastError();
}

}  // namespace sagitta::cuda
