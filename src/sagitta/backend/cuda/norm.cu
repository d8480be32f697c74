#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/norm.h"

#include <algorithm>

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kMostPieces = 64;

__device__ float sum_of_warp(float value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xFFFFFFFFU, value, step);
  return value;
}

// The positions of a piece.
struct Piece {
  std::int64_t begin;
  std::int64_t end;

  __device__ Piece(std::int64_t positions, int pieces, int which)
      : begin(positions * which / pieces), end(positions * (which + 1) / pieces) {}
};

// Sums of `term` of each channel over the positions of a piece, into sums (channels), which is
// shared. Each thread has kCount channels of every so many positions; the rows of threads add
// theirs in turns, so that the result never depends on chance.
template <class T, int kCount, class Term>
__device__ void sum_channels(const T* x, int channels, const Piece& piece, float* sums,
                             const Term& term) {
  const int columns = channels / kCount;  // of threads, perhaps in several turns
  const int rows = max(1, static_cast<int>(blockDim.x) / columns);
  const int row = static_cast<int>(threadIdx.x) / columns;
  for (int c = threadIdx.x; c < channels; c += static_cast<int>(blockDim.x)) sums[c] = 0.0F;
  __syncthreads();
  for (int first = 0; first < columns; first += static_cast<int>(blockDim.x)) {
    const int column =
        rows > 1 ? static_cast<int>(threadIdx.x) % columns : first + static_cast<int>(threadIdx.x);
    const bool works = row < rows && column < columns;
    float own[kCount] = {};
    if (works) {
      for (std::int64_t p = piece.begin + row; p < piece.end; p += rows) {
        const auto values = Few<T, kCount>::load(x + p * channels + column * kCount);
        for (int i = 0; i < kCount; ++i) own[i] += term(values[i], column * kCount + i);
      }
    }
    for (int turn = 0; turn < rows; ++turn) {
      if (works && row == turn) {
        for (int i = 0; i < kCount; ++i) sums[column * kCount + i] += own[i];
      }
      __syncthreads();
    }
  }
}

// Mean and sum of squared distances from it, of each group of a piece.
template <class T, int kCount>
__global__ void statistics_kernel(GroupNorm args, int pieces, float* statistics) {
  extern __shared__ float shared[];
  float* const sums = shared;                   // (channels)
  float* const means = shared + args.channels;  // (groups)
  const Piece piece(args.positions, pieces, static_cast<int>(blockIdx.x));
  const int per_group = args.channels / args.groups;
  const T* const x = static_cast<const T*>(args.x) +
                     static_cast<std::int64_t>(blockIdx.y) * args.positions * args.channels;
  const auto of_group = [&](int group) {
    float sum = 0.0F;
    for (int c = 0; c < per_group; ++c) sum += sums[group * per_group + c];
    return sum;
  };
  const float count = static_cast<float>(piece.end - piece.begin) * static_cast<float>(per_group);

  sum_channels<T, kCount>(x, args.channels, piece, sums, [](float value, int) { return value; });
  for (int g = threadIdx.x; g < args.groups; g += kThreads) means[g] = of_group(g) / count;
  __syncthreads();
  sum_channels<T, kCount>(x, args.channels, piece, sums, [&](float value, int c) {
    const float distance = value - means[c / per_group];
    return distance * distance;
  });
  float* const out =
      statistics + (static_cast<std::int64_t>(blockIdx.y) * pieces + blockIdx.x) * args.groups * 2;
  for (int g = threadIdx.x; g < args.groups; g += kThreads) {
    out[2 * g] = means[g];
    out[2 * g + 1] = of_group(g);
  }
}

// The statistics of whole groups, then the values of one piece. Two sets are joined as Chan, Golub
// and LeVeque (1979) do.
template <class T, int kCount>
__global__ void normalise_kernel(GroupNorm args, int pieces, const float* statistics, T* out) {
  extern __shared__ float shared[];
  float* const means = shared;                    // (channels)
  float* const factors = shared + args.channels;  // (channels)
  const int per_group = args.channels / args.groups;
  const float* const own =
      statistics + static_cast<std::int64_t>(blockIdx.y) * pieces * args.groups * 2;
  for (int g = threadIdx.x; g < args.groups; g += kThreads) {
    float count = 0.0F;
    float mean = 0.0F;
    float squares = 0.0F;
    for (int i = 0; i < pieces; ++i) {
      const Piece piece(args.positions, pieces, i);
      const float more =
          static_cast<float>(piece.end - piece.begin) * static_cast<float>(per_group);
      const float distance = own[(i * args.groups + g) * 2] - mean;
      const float share = more / (count + more);
      squares += own[(i * args.groups + g) * 2 + 1] + distance * distance * count * share;
      mean += distance * share;
      count += more;
    }
    const float factor = rsqrtf(squares / count + args.eps);
    for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
      means[c] = mean;
      factors[c] = args.gamma[c] * factor;
    }
  }
  __syncthreads();

  const Piece piece(args.positions, static_cast<int>(gridDim.x), static_cast<int>(blockIdx.x));
  const std::int64_t start = static_cast<std::int64_t>(blockIdx.y) * args.positions * args.channels;
  const std::int64_t end = start + piece.end * args.channels;
  constexpr int kStep = kThreads * kCount;
  int c = static_cast<int>(threadIdx.x) * kCount % args.channels;
  for (std::int64_t at = start + piece.begin * args.channels + threadIdx.x * kCount; at < end;
       at += kStep, c = (c + kStep) % args.channels) {
    const auto values = Few<T, kCount>::load(static_cast<const T*>(args.x) + at);
    Few<T, kCount> result;
    for (int i = 0; i < kCount; ++i) {
      const float value = (values[i] - means[c + i]) * factors[c + i] + args.beta[c + i];
      result.set(i, args.silu ? value / (1.0F + __expf(-value)) : value);
    }
    result.store(out + at);
  }
}

// A warp makes a row.
template <class T, int kCount>
__global__ void layer_norm_kernel(const T* x, const float* gamma, const float* beta, float eps,
                                  std::int64_t rows, std::int64_t channels, T* out) {
  const std::int64_t row = thread_item() / 32;
  if (row >= rows) return;
  const T* const from = x + row * channels;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const auto sum_of = [&](const auto& term) {
    float sum = 0.0F;
    for (std::int64_t c = lane * kCount; c < channels; c += 32 * kCount) {
      const auto values = Few<T, kCount>::load(from + c);
      for (int i = 0; i < kCount; ++i) sum += term(values[i]);
    }
    return sum_of_warp(sum);
  };
  const float mean = sum_of([](float value) { return value; }) / static_cast<float>(channels);
  const float squares = sum_of([&](float value) { return (value - mean) * (value - mean); });
  const float factor = rsqrtf(squares / static_cast<float>(channels) + eps);
  for (std::int64_t c = lane * kCount; c < channels; c += 32 * kCount) {
    const auto values = Few<T, kCount>::load(from + c);
    Few<T, kCount> result;
    for (int i = 0; i < kCount; ++i) {
      result.set(i, (values[i] - mean) * factor * gamma[c + i] + beta[c + i]);
    }
    result.store(out + row * channels + c);
  }
}

}  // namespace

// Enough for all processors, but not less than some thousand values each.
int group_norm_pieces(const GroupNorm& args) {
  constexpr std::int64_t kLeastValues = 8192;
  const std::int64_t values = args.positions * args.channels;
  return static_cast<int>(
      std::clamp<std::int64_t>(std::min(values / kLeastValues, args.positions), 1, kMostPieces));
}

cudaError_t normalise_groups(DType type, const GroupNorm& args, float* pieces, void* out,
                             cudaStream_t stream) {
  const int count = group_norm_pieces(args);
  const auto samples = static_cast<unsigned>(args.samples);
  const std::size_t shared = static_cast<std::size_t>(args.channels) * 2 * sizeof(float);
  constexpr std::int64_t kValues = 8192;  // of a block that normalises
  const std::int64_t normalisers = std::clamp<std::int64_t>(
      args.positions * args.channels / kValues, 1, std::min<std::int64_t>(args.positions, 65535));
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        args.channels,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          statistics_kernel<T, kCount>
              <<<dim3(static_cast<unsigned>(count), samples), kThreads, shared, stream>>>(
                  args, count, pieces);
          normalise_kernel<T, kCount>
              <<<dim3(static_cast<unsigned>(normalisers), samples), kThreads, shared, stream>>>(
                  args, count, pieces, static_cast<T*>(out));
        },
        args.x, out);
  });
}

cudaError_t normalise_rows(DType type, const void* x, const float* gamma, const float* beta,
                           float eps, std::int64_t rows, std::int64_t channels, void* out,
                           cudaStream_t stream) {
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        channels,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          layer_norm_kernel<T, kCount><<<blocks_for(rows * 32, kThreads), kThreads, 0, stream>>>(
              static_cast<const T*>(x), gamma, beta, eps, rows, channels, static_cast<T*>(out));
        },
        x, out);
  });
}

}  // namespace sagitta::cuda
