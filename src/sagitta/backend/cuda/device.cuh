// What all device code shares: numbers as floats, eight at a time, and the choice of a type at run
// time.
#pragma once

#include "sagitta/core/dtype.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace sagitta::cuda {

using Bf16 = __nv_bfloat16;

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(Bf16 x) { return __bfloat162float(x); }
__device__ inline float to_float(__half x) { return __half2float(x); }

template <class T>
__device__ T from_float(float x);
template <>
__device__ inline float from_float<float>(float x) {
  return x;
}
template <>
__device__ inline Bf16 from_float<Bf16>(float x) {
  return __float2bfloat16_rn(x);
}
template <>
__device__ inline __half from_float<__half>(float x) {
  return __float2half_rn(x);
}

// kCount neighbours, loaded and stored by words as wide as the alignment of T * kCount allows.
template <class T, int kCount>
struct alignas(sizeof(T) * kCount < 16 ? sizeof(T) * kCount : 16) Few {
  T values[kCount];

  __device__ static Few load(const T* from) { return *reinterpret_cast<const Few*>(from); }
  __device__ void store(T* to) const { *reinterpret_cast<Few*>(to) = *this; }
  __device__ float operator[](int i) const { return to_float(values[i]); }
  __device__ void set(int i, float value) { values[i] = from_float<T>(value); }
};

// Calls work with a value of the C++ type of `type`: f32 or bf16, the compute types.
template <class Work>
cudaError_t with_type(DType type, const Work& work) {
  switch (type) {
    case DType::f32:
      work(float{});
      break;
    case DType::bf16:
      work(Bf16{});
      break;
    default:
      return cudaErrorInvalidValue;
  }
  return cudaGetLastError();
}

// The same, or f16, in which values are stored.
template <class Work>
cudaError_t with_stored_type(DType type, const Work& work) {
  if (type != DType::f16) return with_type(type, work);
  work(__half{});
  return cudaGetLastError();
}

// Calls work with the number of values that a thread can take at once: eight where all addresses
// are those of whole words and all counts of neighbours multiples of eight, else one.
template <int kCount>
struct Width {
  static constexpr int value = kCount;
};
template <class Work, class... Addresses>
void with_width(std::int64_t neighbours, const Work& work, const Addresses*... addresses) {
  const std::uintptr_t all = (reinterpret_cast<std::uintptr_t>(addresses) | ...);
  if (neighbours % 8 == 0 && all % 16 == 0) {
    work(Width<8>{});
  } else {
    work(Width<1>{});
  }
}

// Blocks of one dimension. Too many of them are none, which no launch takes.
inline unsigned blocks_for(std::int64_t items, int per_block) {
  constexpr std::int64_t kMost = (std::int64_t{1} << 31) - 1;
  const std::int64_t blocks = (items + per_block - 1) / per_block;
  return static_cast<unsigned>(blocks <= kMost ? blocks : 0);
}

// a / b of numbers that are not negative; 64 bits take ten times as long as 32.
__device__ inline std::int64_t quotient(std::int64_t a, std::int64_t b) {
  if (((a | b) >> 32) != 0) return a / b;
  return static_cast<unsigned>(a) / static_cast<unsigned>(b);
}

// The item of this thread in a launch of one dimension.
__device__ inline std::int64_t thread_item() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

}  // namespace sagitta::cuda
