#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/softmax.h"

#include <algorithm>
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

// Sums of a group of rows: threads have 32 keys of every eighth row.
constexpr int kKeys = 32;
constexpr int kRowsAtOnce = kThreads / kKeys;

int row_groups(const Logits& weights) {
  constexpr std::int64_t kRows = 64;
  constexpr std::int64_t kMost = 256;
  return static_cast<int>(
      std::clamp<std::int64_t>(weights.heads * weights.queries / kRows, 1, kMost));
}

__global__ void sum_rows_kernel(Logits weights, float* sums) {
  __shared__ float shared[kRowsAtOnce][kKeys];
  const int column = static_cast<int>(threadIdx.x) % kKeys;
  const int row = static_cast<int>(threadIdx.x) / kKeys;
  const std::int64_t key = std::int64_t{blockIdx.x} * kKeys + column;
  const std::int64_t rows = weights.heads * weights.queries;
  const std::int64_t end = rows * (blockIdx.y + 1) / gridDim.y;
  float sum = 0.0F;
  if (key < weights.keys) {
#pragma unroll 4
    for (std::int64_t i = rows * blockIdx.y / gridDim.y + row; i < end; i += kRowsAtOnce) {
      sum += weights.data[i * weights.stride + key];
    }
  }
  shared[row][column] = sum;
  __syncthreads();
  if (row != 0 || key >= weights.keys) return;
  for (int i = 1; i < kRowsAtOnce; ++i) sum += shared[i][column];
  sums[blockIdx.y * weights.keys + key] = sum;
}

__global__ void add_sums_kernel(const float* sums, int groups, std::int64_t keys, float scale,
                                float* received) {
  const std::int64_t key = thread_item();
  if (key >= keys) return;
  float sum = 0.0F;
#pragma unroll 8
  for (int i = 0; i < groups; ++i) sum += sums[i * keys + key];
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

std::int64_t received_floats(const Logits& weights) { return row_groups(weights) * weights.keys; }

cudaError_t add_received(const Logits& weights, float scale, float* floats, float* received,
                         cudaStream_t stream) {
  const int groups = row_groups(weights);
  const dim3 grid(blocks_for(weights.keys, kKeys), static_cast<unsigned>(groups));
  sum_rows_kernel<<<grid, kThreads, 0, stream>>>(weights, floats);
  add_sums_kernel<<<blocks_for(weights.keys, kThreads), kThreads, 0, stream>>>(
      floats, groups, weights.keys, scale, received);
  return cudaGetLastError();
}

}  // namespace sagitta::cuda
