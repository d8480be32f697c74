#include "sagitta/backend/cuda/conv2d_kernels.h"

#include "sagitta/backend/cuda/device.cuh"

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWord = 8;  // values

std::int64_t steps_of(const KernelShape& shape) {
  return (shape.in + ConvKernels::kDepth - 1) / ConvKernels::kDepth * shape.taps;
}

template <class From>
__global__ void conv_kernels_kernel(KernelShape shape, std::int64_t steps, std::int64_t count,
                                    const From* from, float scale, Bf16* to) {
  constexpr int kDepth = ConvKernels::kDepth;
  const std::int64_t at = thread_item();
  if (at >= count) return;
  const auto place = static_cast<int>(at % kDepth);
  const auto row = static_cast<int>(at / kDepth % ConvKernels::kColumns);
  const std::int64_t step = at / (kDepth * ConvKernels::kColumns) % steps;
  const std::int64_t group = at / (kDepth * ConvKernels::kColumns) / steps;
  const int word = place / kWord ^ row % kWord;
  const std::int64_t out = group * ConvKernels::kColumns + row;
  const std::int64_t in = step / shape.taps * kDepth + word * kWord + place % kWord;
  const std::int64_t tap = step % shape.taps;
  float value = 0.0F;
  if (out < shape.out && in < shape.in) {
    value = to_float(from[(out * shape.in + in) * shape.taps + tap]) * scale;
  }
  to[at] = from_float<Bf16>(value);
}

}  // namespace

std::int64_t conv_kernels_bytes(const KernelShape& shape) {
  const std::int64_t groups = (shape.out + ConvKernels::kColumns - 1) / ConvKernels::kColumns;
  return groups * steps_of(shape) * ConvKernels::kBytes;
}

cudaError_t pack_conv_kernels(const KernelShape& shape, DType from_type, const void* from,
                              float scale, void* to, cudaStream_t stream) {
  const std::int64_t count = conv_kernels_bytes(shape) / static_cast<std::int64_t>(sizeof(Bf16));
  return with_stored_type(from_type, [&](auto f) {
    using From = decltype(f);
    conv_kernels_kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(
        shape, steps_of(shape), count, static_cast<const From*>(from), scale,
        static_cast<Bf16*>(to));
  });
}

}  // namespace sagitta::cuda
