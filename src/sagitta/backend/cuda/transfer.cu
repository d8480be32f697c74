#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/transfer.h"

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;

template <class From, class To>
__global__ void convert_kernel(const From* from, To* to, std::int64_t count) {
  const std::int64_t at = thread_item();
  if (at < count) to[at] = from_float<To>(to_float(from[at]));
}

template <class From, class To>
__global__ void pack_kernel_kernel(KernelShape shape, const From* from, float scale, To* to) {
  const std::int64_t at = thread_item();
  if (at >= shape.out * shape.row) return;
  const std::int64_t out = at / shape.row;
  const std::int64_t tap = at % shape.row / shape.in;
  const std::int64_t in = at % shape.row % shape.in;
  const bool inside = tap < shape.taps;
  const float value =
      inside ? to_float(from[(out * shape.in + in) * shape.taps + tap]) * scale : 0.0F;
  to[at] = from_float<To>(value);
}

}  // namespace

cudaError_t convert(DType from_type, const void* from, DType to_type, void* to, std::int64_t count,
                    cudaStream_t stream) {
  cudaError_t status = cudaSuccess;
  const cudaError_t known = with_stored_type(from_type, [&](auto f) {
    using From = decltype(f);
    status = with_stored_type(to_type, [&](auto t) {
      using To = decltype(t);
      convert_kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(
          static_cast<const From*>(from), static_cast<To*>(to), count);
    });
  });
  return known == cudaSuccess ? status : known;
}

cudaError_t pack_kernel(const KernelShape& shape, DType from_type, const void* from, float scale,
                        DType to_type, void* to, cudaStream_t stream) {
  cudaError_t status = cudaSuccess;
  const cudaError_t known = with_stored_type(from_type, [&](auto f) {
    using From = decltype(f);
    status = with_stored_type(to_type, [&](auto t) {
      using To = decltype(t);
      pack_kernel_kernel<<<blocks_for(shape.out * shape.row, kThreads), kThreads, 0, stream>>>(
          shape, static_cast<const From*>(from), scale, static_cast<To*>(to));
    });
  });
  return known == cudaSuccess ? status : known;
}

}  // namespace sagitta::cuda
