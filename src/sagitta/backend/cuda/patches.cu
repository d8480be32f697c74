#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/patches.h"

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void patches_kernel(ConvShape shape, const T* x, std::int64_t first, std::int64_t count,
                               std::int64_t stride, T* out) {
  const std::int64_t at = thread_item();
  if (at >= count * stride) return;
  const std::int64_t patch = quotient(at, stride);
  const std::int64_t row = first + patch;
  const int place = static_cast<int>(at - patch * stride);
  const int tap = place / shape.channels;
  const int channel = place % shape.channels;
  const std::int64_t line = quotient(row, shape.out_width);
  const std::int64_t sample = quotient(line, shape.out_height);
  const auto pixel_y = static_cast<int>(line - sample * shape.out_height);
  const auto pixel_x = static_cast<int>(row - line * shape.out_width);
  const int from_y = pixel_y * shape.stride - shape.padding + tap / shape.kernel_w;
  const int from_x = pixel_x * shape.stride - shape.padding + tap % shape.kernel_w;
  T value = from_float<T>(0.0F);
  if (tap < shape.taps() && from_y >= 0 && from_y < shape.height && from_x >= 0 &&
      from_x < shape.width) {
    const std::int64_t source_y = std::int64_t{from_y} * shape.source_height / shape.height;
    const std::int64_t source_x = std::int64_t{from_x} * shape.source_width / shape.width;
    value = x[((sample * shape.source_height + source_y) * shape.source_width + source_x) *
                  shape.channels +
              channel];
  }
  out[at] = value;
}

}  // namespace

cudaError_t lay_patches(DType type, const ConvShape& shape, const void* x, std::int64_t first,
                        std::int64_t count, std::int64_t stride, void* out, cudaStream_t stream) {
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    patches_kernel<<<blocks_for(count * stride, kThreads), kThreads, 0, stream>>>(
        shape, static_cast<const T*>(x), first, count, stride, static_cast<T*>(out));
  });
}

}  // namespace sagitta::cuda
