#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/norm.h"

#include <algorithm>
#include <type_traits>

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kMostThreads = 512;

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

// How a block's threads share rows of channels: each takes kCount neighbours of every so many rows,
// or where there are more channels than threads, several such columns of all rows. Blocks have
// whole rows of threads.
template <int kCount>
struct Columns {
  int count;
  int rows;
  int row;
  int first;
  int step;

  __device__ explicit Columns(int channels) : count(channels / kCount) {
    const auto threads = static_cast<int>(blockDim.x);
    const auto thread = static_cast<int>(threadIdx.x);
    rows = max(1, threads / count);
    row = rows > 1 ? thread / count : 0;
    first = rows > 1 ? thread % count : thread;
    step = rows > 1 ? count : threads;
  }
};

// Sums of `term` of each channel over the positions of a piece, into sums (channels), which is
// shared. The rows of threads add theirs in turns, so that the result never depends on chance.
template <class T, int kCount, class Term>
__device__ void sum_channels(const T* x, int channels, const Piece& piece, float* sums,
                             const Term& term) {
  const Columns<kCount> columns(channels);
  for (int c = static_cast<int>(threadIdx.x); c < channels; c += static_cast<int>(blockDim.x)) {
    sums[c] = 0.0F;
  }
  __syncthreads();
  for (int turn = 0; turn < columns.count; turn += columns.step) {
    const int column = columns.first + turn;
    const bool works = column < columns.count;
    float own[kCount] = {};
    if (works) {
#pragma unroll 4
      for (std::int64_t p = piece.begin + columns.row; p < piece.end; p += columns.rows) {
        const auto values = Few<T, kCount>::load(x + p * channels + column * kCount);
        for (int i = 0; i < kCount; ++i) own[i] += term(values[i], column * kCount + i);
      }
    }
    for (int row = 0; row < columns.rows; ++row) {
      if (works && columns.row == row) {
        for (int i = 0; i < kCount; ++i) sums[column * kCount + i] += own[i];
      }
      __syncthreads();
    }
  }
}

// Which of so many items of a sample a block is for. Grids have one dimension, since the others
// take few blocks.
struct Place {
  std::int64_t sample;
  int item;

  __device__ explicit Place(int items)
      : sample(blockIdx.x / static_cast<unsigned>(items)),
        item(static_cast<int>(blockIdx.x % static_cast<unsigned>(items))) {}
};

// Mean and sum of squared distances from it, of each group of a piece.
template <class T, int kCount>
__global__ void __launch_bounds__(kMostThreads)
    statistics_kernel(GroupNorm args, int pieces, float* statistics) {
  extern __shared__ float shared[];
  float* const sums = shared;                   // (channels)
  float* const means = shared + args.channels;  // (groups)
  const Place place(pieces);
  const Piece piece(args.positions, pieces, place.item);
  const int per_group = args.channels / args.groups;
  const T* const x = static_cast<const T*>(args.x) + place.sample * args.positions * args.channels;
  const auto of_group = [&](int group) {
    float sum = 0.0F;
    for (int c = 0; c < per_group; ++c) sum += sums[group * per_group + c];
    return sum;
  };
  const float count = static_cast<float>(piece.end - piece.begin) * static_cast<float>(per_group);

  sum_channels<T, kCount>(x, args.channels, piece, sums, [](float value, int) { return value; });
  for (int g = threadIdx.x; g < args.groups; g += static_cast<int>(blockDim.x))
    means[g] = of_group(g) / count;
  __syncthreads();
  sum_channels<T, kCount>(x, args.channels, piece, sums, [&](float value, int c) {
    const float distance = value - means[c / per_group];
    return distance * distance;
  });
  float* const out = statistics + std::int64_t{blockIdx.x} * args.groups * 2;
  for (int g = static_cast<int>(threadIdx.x); g < args.groups; g += static_cast<int>(blockDim.x)) {
    out[2 * g] = means[g];
    out[2 * g + 1] = of_group(g);
  }
}

// Statistics of some values. Two are joined as Chan, Golub and LeVeque (1979) do.
struct Moments {
  float count = 0.0F;
  float mean = 0.0F;
  float squares = 0.0F;  // sum of squared distances from the mean

  __device__ void join(const Moments& more) {
    const float all = count + more.count;
    if (all == 0.0F) return;
    const float distance = more.mean - mean;
    const float share = more.count / all;
    squares += more.squares + distance * distance * count * share;
    mean += distance * share;
    count = all;
  }
};

// A warp joins the statistics of a group's pieces: the mean of each channel, and what its distance
// from it is to be multiplied by.
__global__ void join_kernel(GroupNorm args, int pieces, const float* statistics, float2* factors) {
  constexpr unsigned kAll = 0xFFFFFFFFU;
  const Place place(args.groups);
  const int group = place.item;
  const int per_group = args.channels / args.groups;
  const float2* const own =
      reinterpret_cast<const float2*>(statistics) + place.sample * pieces * args.groups + group;
  Moments moments;
#pragma unroll 4
  for (int i = static_cast<int>(threadIdx.x); i < pieces; i += 32) {
    const Piece piece(args.positions, pieces, i);
    const float2 values = own[i * args.groups];
    const auto count = static_cast<float>(piece.end - piece.begin);
    moments.join({count * static_cast<float>(per_group), values.x, values.y});
  }
  for (int step = 16; step > 0; step /= 2) {
    moments.join({__shfl_down_sync(kAll, moments.count, step),
                  __shfl_down_sync(kAll, moments.mean, step),
                  __shfl_down_sync(kAll, moments.squares, step)});
  }
  const float mean = __shfl_sync(kAll, moments.mean, 0);
  const float variance = __shfl_sync(kAll, moments.squares / moments.count, 0);
  const float factor = rsqrtf(variance + args.eps);
  for (int c = static_cast<int>(threadIdx.x); c < per_group; c += 32) {
    const int channel = group * per_group + c;
    factors[place.sample * args.channels + channel] = {mean, args.gamma[channel] * factor};
  }
}

// The values of a piece. Each thread keeps to its channels, so that what belongs to them stays in
// registers.
template <class T, int kCount>
__global__ void __launch_bounds__(kMostThreads)
    normalise_kernel(GroupNorm args, int blocks, const float2* factors, T* out) {
  const Place place(blocks);
  const Piece piece(args.positions, blocks, place.item);
  const std::int64_t start = place.sample * args.positions * args.channels;
  const Columns<kCount> columns(args.channels);
  for (int column = columns.first; column < columns.count; column += columns.step) {
    const int c = column * kCount;
    float2 own[kCount];
    float betas[kCount];
    for (int i = 0; i < kCount; ++i) {
      own[i] = factors[place.sample * args.channels + c + i];
      betas[i] = args.beta[c + i];
    }
#pragma unroll 4
    for (std::int64_t p = piece.begin + columns.row; p < piece.end; p += columns.rows) {
      const std::int64_t at = start + p * args.channels + c;
      const auto values = Few<T, kCount>::load(static_cast<const T*>(args.x) + at);
      Few<T, kCount> result;
      for (int i = 0; i < kCount; ++i) {
        const float value = (values[i] - own[i].x) * own[i].y + betas[i];
        result.set(i, args.silu ? __fdividef(value, 1.0F + __expf(-value)) : value);
      }
      result.store(out + at);
    }
  }
}

// A warp makes a row, of which it keeps kTurns times 32 words in registers.
template <class T, int kCount, int kTurns>
__global__ void layer_norm_kernel(const T* x, const float* gamma, const float* beta, float eps,
                                  std::int64_t rows, int channels, T* out) {
  using Word = Few<T, kCount>;
  const std::int64_t row = thread_item() / 32;
  if (row >= rows) return;
  const T* const from = x + row * channels;
  const int first = static_cast<int>(threadIdx.x) % 32 * kCount;
  constexpr int kStep = 32 * kCount;
  Word kept[kTurns];
#pragma unroll
  for (int i = 0; i < kTurns; ++i) {
    if (first + i * kStep < channels) kept[i] = Word::load(from + first + i * kStep);
  }
  const auto each_word = [&](const auto& work) {
#pragma unroll
    for (int i = 0; i < kTurns; ++i) {
      if (first + i * kStep < channels) work(kept[i], first + i * kStep);
    }
    for (int c = first + kTurns * kStep; c < channels; c += kStep) work(Word::load(from + c), c);
  };
  const auto sum_of = [&](const auto& term) {
    float sum = 0.0F;
    each_word([&](const Word& word, int /*c*/) {
      for (int i = 0; i < kCount; ++i) sum += term(word[i]);
    });
    return sum_of_warp(sum);
  };
  const auto count = static_cast<float>(channels);
  const float mean = sum_of([](float value) { return value; }) / count;
  const float squares = sum_of([&](float value) { return (value - mean) * (value - mean); });
  const float factor = rsqrtf(squares / count + eps);
  each_word([&](const Word& word, int c) {
    Word result;
    for (int i = 0; i < kCount; ++i) {
      result.set(i, (word[i] - mean) * factor * gamma[c + i] + beta[c + i]);
    }
    result.store(out + row * channels + c);
  });
}

// Pieces of a sample with statistics of their own: enough for all processors, but of some thousand
// values.
int pieces_of(const GroupNorm& args) {
  constexpr std::int64_t kValues = 8192;
  constexpr std::int64_t kMost = 256;
  const std::int64_t most = std::min(kMost, args.positions);
  return static_cast<int>(
      std::clamp<std::int64_t>(args.positions * args.channels / kValues, 1, most));
}

std::int64_t statistics_of(const GroupNorm& args) {
  return args.samples * pieces_of(args) * args.groups * 2;
}

// Whole rows of channels where possible, so that no thread is idle.
template <int kCount>
int threads_for(int channels) {
  const int columns = channels / kCount;
  return columns <= kThreads ? kThreads / columns * columns : std::min(columns, kMostThreads);
}

}  // namespace

std::int64_t group_norm_floats(const GroupNorm& args) {
  return statistics_of(args) + args.samples * args.channels * 2;
}

cudaError_t normalise_groups(DType type, const GroupNorm& args, float* floats, void* out,
                             cudaStream_t stream) {
  const int pieces = pieces_of(args);
  float2* const factors = reinterpret_cast<float2*>(floats + statistics_of(args));
  const std::size_t shared = static_cast<std::size_t>(args.channels + args.groups) * sizeof(float);
  constexpr std::int64_t kValues = 8192;  // of a block that normalises
  constexpr std::int64_t kMostBlocks = 65536;
  const auto blocks = static_cast<int>(std::clamp<std::int64_t>(
      args.positions * args.channels / kValues, 1, std::min(args.positions, kMostBlocks)));
  const auto grid = [&](int items) { return blocks_for(args.samples * items, 1); };
  return with_type(type, [&](auto t) {
    using T = decltype(t);
    with_width(
        args.channels,
        [&](auto width) {
          constexpr int kCount = decltype(width)::value;
          const int threads = threads_for<kCount>(args.channels);
          statistics_kernel<T, kCount>
              <<<grid(pieces), threads, shared, stream>>>(args, pieces, floats);
          join_kernel<<<grid(args.groups), 32, 0, stream>>>(args, pieces, floats, factors);
          normalise_kernel<T, kCount>
              <<<grid(blocks), threads, 0, stream>>>(args, blocks, factors, static_cast<T*>(out));
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
          const auto launch = [&](auto turns) {
            layer_norm_kernel<T, kCount, decltype(turns)::value>
                <<<blocks_for(rows * 32, kThreads), kThreads, 0, stream>>>(
                    static_cast<const T*>(x), gamma, beta, eps, rows, static_cast<int>(channels),
                    static_cast<T*>(out));
          };
          const std::int64_t turns = (channels + 32 * kCount - 1) / (32 * kCount);
          if (turns <= 2) {
            launch(std::integral_constant<int, 2>{});
          } else {
            launch(std::integral_constant<int, 5>{});
          }
        },
        x, out);
  });
}

}  // namespace sagitta::cuda
