#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/elementwise.h"

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;

__device__ float gelu(float x) { return 0.5F * x * (1.0F + erff(x * 0.70710678118654752F)); }

__device__ float activated(Activation activation, float x) {
  switch (activation) {
    case Activation::silu:
      return x / (1.0F + __expf(-x));
    case Activation::gelu:
      return gelu(x);
    case Activation::quick_gelu:
      return x / (1.0F + __expf(-1.702F * x));
    case Activation::relu:
      return x > 0.0F ? x : 0.0F;
    case Activation::tanh:
      return tanhf(x);
    case Activation::none:
      break;
  }
  return x;
}

template <class T, int kCount>
__global__ void axpby_kernel(float a, const T* x, float b, const T* y, T* out, std::int64_t count) {
  const std::int64_t at = thread_item() * kCount;
  if (at >= count) return;
  const auto left = Few<T, kCount>::load(x + at);
  const auto right = Few<T, kCount>::load(y + at);
  Few<T, kCount> sum;
  for (int i = 0; i < kCount; ++i) sum.set(i, a * left[i] + b * right[i]);
  sum.store(out + at);
}

template <class T, int kCount>
__global__ void activate_kernel(Activation activation, const T* x, T* out, std::int64_t count) {
  const std::int64_t at = thread_item() * kCount;
  if (at >= count) return;
  const auto from = Few<T, kCount>::load(x + at);
  Few<T, kCount> to;
  for (int i = 0; i < kCount; ++i) to.set(i, activated(activation, from[i]));
  to.store(out + at);
}

template <class T, int kCount>
__global__ void concat_kernel(const T* a, std::int64_t a_channels, const T* b,
                              std::int64_t b_channels, T* out, std::int64_t count) {
  const std::int64_t at = thread_item() * kCount;
  if (at >= count) return;
  const std::int64_t channels = a_channels + b_channels;
  const std::int64_t row = quotient(at, channels);
  const std::int64_t c = at - row * channels;
  const T* from = c < a_channels ? a + row * a_channels + c : b + row * b_channels + c - a_channels;
  Few<T, kCount>::load(from).store(out + at);
}

template <class T, int kCount>
__global__ void gate_kernel(const T* x, T* out, std::int64_t cols, std::int64_t count) {
  const std::int64_t at = thread_item() * kCount;
  if (at >= count) return;
  const T* row = x + quotient(at, cols) * cols + at;
  const auto value = Few<T, kCount>::load(row);
  const auto gates = Few<T, kCount>::load(row + cols);
  Few<T, kCount> product;
  for (int i = 0; i < kCount; ++i) product.set(i, value[i] * gelu(gates[i]));
  product.store(out + at);
}

template <class T, int kCount>
__global__ void finish_kernel(Finish args, T* out) {
  const std::int64_t at = thread_item() * kCount;
  if (at >= args.rows * args.cols) return;
  const std::int64_t row = quotient(at, args.cols);
  const std::int64_t c = at - row * args.cols;
  float sums[kCount] = {};
  if (args.parts != nullptr) {
#pragma unroll 4
    for (int part = 0; part < args.part_count; ++part) {
      const auto more = Few<float, kCount>::load(args.parts + part * args.rows * args.cols + at);
      for (int i = 0; i < kCount; ++i) sums[i] += more[i];
    }
  } else {
    const auto x = Few<T, kCount>::load(static_cast<const T*>(args.x) + at);
    for (int i = 0; i < kCount; ++i) sums[i] = x[i];
  }
  if (args.bias != nullptr) {
    for (int i = 0; i < kCount; ++i) sums[i] += args.bias[c + i];
  }
  if (args.row_bias != nullptr) {
    const std::int64_t sample = quotient(row, args.rows_per_sample);
    const auto more =
        Few<T, kCount>::load(static_cast<const T*>(args.row_bias) + sample * args.cols + c);
    for (int i = 0; i < kCount; ++i) sums[i] += more[i];
  }
  for (int i = 0; i < kCount; ++i) sums[i] = activated(args.activation, sums[i]);
  if (args.residual != nullptr) {
    const auto more = Few<T, kCount>::load(static_cast<const T*>(args.residual) + at);
    for (int i = 0; i < kCount; ++i) sums[i] += more[i];
  }
  Few<T, kCount> result;
  for (int i = 0; i < kCount; ++i) result.set(i, sums[i]);
  result.store(out + at);
}

}  // namespace

cudaError_t add_scaled(DType type, float a, const void* x, float b, const void* y, void* out,
                       std::int64_t count, cudaStream_t stream) {
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        count,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          axpby_kernel<T, kCount><<<blocks_for(count / kCount, kThreads), kThreads, 0, stream>>>(
              a, static_cast<const T*>(x), b, static_cast<const T*>(y), static_cast<T*>(out),
              count);
        },
        x, y, out);
  });
}

cudaError_t apply(DType type, Activation activation, const void* x, void* out, std::int64_t count,
                  cudaStream_t stream) {
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        count,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          activate_kernel<T, kCount><<<blocks_for(count / kCount, kThreads), kThreads, 0, stream>>>(
              activation, static_cast<const T*>(x), static_cast<T*>(out), count);
        },
        x, out);
  });
}

cudaError_t concat(DType type, const void* a, std::int64_t a_channels, const void* b,
                   std::int64_t b_channels, void* out, std::int64_t rows, cudaStream_t stream) {
  const std::int64_t count = rows * (a_channels + b_channels);
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        a_channels | b_channels,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          concat_kernel<T, kCount><<<blocks_for(count / kCount, kThreads), kThreads, 0, stream>>>(
              static_cast<const T*>(a), a_channels, static_cast<const T*>(b), b_channels,
              static_cast<T*>(out), count);
        },
        a, b, out);
  });
}

cudaError_t gate(DType type, const void* x, void* out, std::int64_t rows, std::int64_t cols,
                 cudaStream_t stream) {
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        cols,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          gate_kernel<T, kCount>
              <<<blocks_for(rows * cols / kCount, kThreads), kThreads, 0, stream>>>(
                  static_cast<const T*>(x), static_cast<T*>(out), cols, rows * cols);
        },
        x, out);
  });
}

cudaError_t finish_product(DType type, const Finish& args, void* out, cudaStream_t stream) {
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        args.cols,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          finish_kernel<T, kCount>
              <<<blocks_for(args.rows * args.cols / kCount, kThreads), kThreads, 0, stream>>>(
                  args, static_cast<T*>(out));
        },
        args.x, args.parts, args.bias, args.row_bias, args.residual, out);
  });
}

}  // namespace sagitta::cuda
