// A block makes a tile of 128 pixels and kColumns output channels with eight warps. It walks along
// the depth in steps of 64 channels of one tap: a row of a tile is then 128 bytes, eight words of
// 16 bytes. Word w of row r lies at place w ^ (r % 8), so that the eight rows of an 8x8 tile come
// from different banks. Three steps are in shared memory at a time: one is multiplied while two
// come.
//
// All taps of 64 channels come before the next channels, so that a pixel is still in the first
// cache when the next tap wants it.
#include "sagitta/backend/cuda/conv2d_tiles.h"
#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/tensor_core.cuh"

#include <algorithm>

namespace sagitta::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kRows = 128;
constexpr int kDepth = 64;
constexpr int kStages = 3;
constexpr int kWord = 8;                // values in 16 bytes
constexpr int kWords = kDepth / kWord;  // of a row
constexpr int kRowBytes = kDepth * 2;
constexpr int kRowsAtOnce = kThreads / kWords;  // that the threads load together
constexpr int kOutside = -(1 << 14);            // a row of pixels that no tap reaches

template <int kColumns>
constexpr int kStageBytes = (kRows + kColumns) * kRowBytes;

__device__ std::uint32_t place(int row, int word) {
  return static_cast<std::uint32_t>(row * kRowBytes + ((word ^ (row % kWords)) * 16));
}

__host__ __device__ int steps_of(const ConvShape& shape) {
  return (shape.channels + kDepth - 1) / kDepth * shape.kernel_h * shape.kernel_w;
}

// Which tap and channels the next step is for.
struct Walk {
  int channel;
  int tap_y;
  int tap_x;

  __device__ Walk(const ConvShape& shape, int step)
      : channel(step / (shape.kernel_h * shape.kernel_w) * kDepth),
        tap_y(step % (shape.kernel_h * shape.kernel_w) / shape.kernel_w),
        tap_x(step % shape.kernel_w) {}

  __device__ void step(const ConvShape& shape) {
    if (++tap_x < shape.kernel_w) return;
    tap_x = 0;
    if (++tap_y < shape.kernel_h) return;
    tap_y = 0;
    channel += kDepth;
  }
};

// One word of four pixels and of kColumns / 32 kernels in each step, for each thread.
template <int kColumns, bool kEnlarges>
class Loader {
 public:
  static constexpr int kPixels = kRows / kRowsAtOnce;
  static constexpr int kKernels = kColumns / kRowsAtOnce;

  __device__ Loader(const ConvTiles& args, std::int64_t first_row, int first_column, int step)
      : args_(args),
        word_(static_cast<int>(threadIdx.x) % kWords),
        row_(static_cast<int>(threadIdx.x) / kWords),
        column_(first_column + row_),
        walk_(args.shape, step) {
    const ConvShape& shape = args.shape;
    const int pixels = shape.out_height * shape.out_width;
    for (int i = 0; i < kPixels; ++i) {
      const std::int64_t row = first_row + row_ + i * kRowsAtOnce;
      const auto sample = static_cast<int>(row / pixels);
      const auto pixel = static_cast<int>(row % pixels);
      const int x = pixel % shape.out_width * shape.stride - shape.padding;
      const int y = pixel / shape.out_width * shape.stride - shape.padding;
      place_[i] = (row < shape.rows() ? y : kOutside) * (1 << 16) | (x & 0xFFFF);
      const int source_row = sample * shape.source_height;
      source_[i] =
          kEnlarges ? source_row * shape.source_width : (source_row + y) * shape.source_width + x;
    }
  }

  __device__ void load(std::uint32_t stage) {
    const ConvShape& shape = args_.shape;
    const int channel = walk_.channel + word_ * kWord;
    const bool inside = channel < shape.channels;
    const Bf16* const x = static_cast<const Bf16*>(args_.x);
    const int from_first_tap = walk_.tap_y * shape.source_width + walk_.tap_x;
#pragma unroll
    for (int i = 0; i < kPixels; ++i) {
      const int tap_y = (place_[i] >> 16) + walk_.tap_y;
      const int tap_x = static_cast<short>(place_[i]) + walk_.tap_x;
      const bool there = inside &&
                         static_cast<unsigned>(tap_y) < static_cast<unsigned>(shape.height) &&
                         static_cast<unsigned>(tap_x) < static_cast<unsigned>(shape.width);
      int pixel = source_[i];
      if constexpr (kEnlarges) {
        const std::int64_t source_y = std::int64_t{tap_y} * shape.source_height / shape.height;
        const std::int64_t source_x = std::int64_t{tap_x} * shape.source_width / shape.width;
        pixel += static_cast<int>(source_y * shape.source_width + source_x);
      } else {
        pixel += from_first_tap;
      }
      const Bf16* const from = x + std::int64_t{pixel} * shape.channels + channel;
      copy_async_cached(stage + place(row_ + i * kRowsAtOnce, word_), there ? from : x, there);
    }
    const Bf16* const kernel = static_cast<const Bf16*>(args_.kernel);
    const std::int64_t depth = shape.depth();
    const std::int64_t at =
        (std::int64_t{walk_.tap_y} * shape.kernel_w + walk_.tap_x) * shape.channels + channel;
#pragma unroll
    for (int i = 0; i < kKernels; ++i) {
      const int column = column_ + i * kRowsAtOnce;
      const bool there = inside && column < shape.out_channels;
      copy_async(stage + kRows * kRowBytes + place(row_ + i * kRowsAtOnce, word_),
                 there ? kernel + column * depth + at : kernel, there);
    }
    walk_.step(shape);
  }

 private:
  const ConvTiles& args_;
  int word_;
  int row_;
  int column_;
  Walk walk_;
  // Of the first tap: its row and column, 16 bits each since registers are few, and the number of
  // its pixel, or of the first one of its sample where the picture is enlarged.
  int place_[kPixels];
  int source_[kPixels];
};

// The sums of one warp: a part of the block's tile, of which there are two or four by four or two.
template <int kColumns>
class WarpTile {
 public:
  static constexpr int kColumnsOfWarp = 32;
  static constexpr int kWarpsAcross = kColumns / kColumnsOfWarp;
  static constexpr int kRowsOfWarp = kRows * kWarpsAcross / (kThreads / 32);
  static constexpr int kRowTiles = kRowsOfWarp / 16;       // of 16 pixels
  static constexpr int kColumnTiles = kColumnsOfWarp / 8;  // of 8 channels

  __device__ WarpTile()
      : lane_(static_cast<int>(threadIdx.x) % 32),
        row_(static_cast<int>(threadIdx.x) / 32 / kWarpsAcross * kRowsOfWarp),
        column_(static_cast<int>(threadIdx.x) / 32 % kWarpsAcross * kColumnsOfWarp) {}

  __device__ void multiply(std::uint32_t stage) {
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
      std::uint32_t pixels[kRowTiles][4];
      std::uint32_t kernels[kColumnTiles / 2][4];
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i) {
        // Rows 0 to 7 and 8 to 15 of the lower words, then of the upper ones.
        load_tiles(pixels[i], stage + place(row_ + i * 16 + lane_ % 16, k * 2 + lane_ / 16));
      }
#pragma unroll
      for (int j = 0; j < kColumnTiles / 2; ++j) {
        // Lower and upper words of eight channels, then of the next eight.
        const int row = column_ + j * 16 + lane_ / 16 * 8 + lane_ % 8;
        load_tiles(kernels[j], stage + kRows * kRowBytes + place(row, k * 2 + lane_ / 8 % 2));
      }
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < kColumnTiles; ++j) {
          multiply_tiles(sums_[i][j], pixels[i], kernels[j / 2][j % 2 * 2],
                         kernels[j / 2][j % 2 * 2 + 1]);
        }
      }
    }
  }

  // Calls store(row, column, sums) with places in the block's tile and two neighbours of a row.
  template <class Store>
  __device__ void each_pair(const Store& store) const {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnTiles; ++j) {
        const int row = row_ + i * 16 + lane_ / 4;
        const int column = column_ + j * 8 + lane_ % 4 * 2;
        store(row, column, float2{sums_[i][j][0], sums_[i][j][1]});
        store(row + 8, column, float2{sums_[i][j][2], sums_[i][j][3]});
      }
    }
  }

 private:
  int lane_;
  int row_;
  int column_;
  float sums_[kRowTiles][kColumnTiles][4] = {};
};

// Two neighbours, at once where rows are so long that all pairs start at whole words.
struct Pairs {
  int columns;

  __device__ bool whole() const { return columns % 2 == 0; }
  __device__ bool second(int column) const { return column + 1 < columns; }
  __device__ float2 load(const float* from, int column) const {
    if (whole()) return *reinterpret_cast<const float2*>(from);
    return {from[0], second(column) ? from[1] : 0.0F};
  }
  __device__ float2 load(const Bf16* from, int column) const {
    if (whole()) return __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(from));
    return {to_float(from[0]), second(column) ? to_float(from[1]) : 0.0F};
  }
  __device__ void store(float2 values, float* to, int column) const {
    if (whole()) {
      *reinterpret_cast<float2*>(to) = values;
    } else {
      to[0] = values.x;
      if (second(column)) to[1] = values.y;
    }
  }
  __device__ void store(float2 values, Bf16* to, int column) const {
    if (whole()) {
      *reinterpret_cast<__nv_bfloat162*>(to) = __float22bfloat162_rn(values);
    } else {
      to[0] = from_float<Bf16>(values.x);
      if (second(column)) to[1] = from_float<Bf16>(values.y);
    }
  }
};

__device__ float2 operator+(float2 a, float2 b) { return {a.x + b.x, a.y + b.y}; }

// Biases and residual added.
__device__ float2 finished(const ConvTiles& args, std::int64_t row, int column, float2 sums) {
  const ConvShape& shape = args.shape;
  const Pairs pairs{shape.out_channels};
  if (args.bias != nullptr) sums = sums + pairs.load(args.bias + column, column);
  if (args.row_bias != nullptr) {
    const auto pixels = static_cast<unsigned>(shape.out_height * shape.out_width);
    const std::int64_t sample = static_cast<unsigned>(row) / pixels;
    const Bf16* const biases = static_cast<const Bf16*>(args.row_bias);
    sums = sums + pairs.load(biases + sample * shape.out_channels + column, column);
  }
  if (args.residual != nullptr) {
    const Bf16* const residual = static_cast<const Bf16*>(args.residual);
    sums = sums + pairs.load(residual + row * shape.out_channels + column, column);
  }
  return sums;
}

template <int kColumns, bool kEnlarges>
__global__ void __launch_bounds__(kThreads, 2)
    tiles_kernel(const __grid_constant__ ConvTiles args, int parts, float* sums) {
  extern __shared__ __align__(128) unsigned char shared[];
  const std::uint32_t stages = shared_address(shared);
  const ConvShape& shape = args.shape;
  // Neighbours share their pixels.
  const auto column_tiles = static_cast<unsigned>((shape.out_channels + kColumns - 1) / kColumns);
  const std::int64_t first_row = std::int64_t{blockIdx.x / column_tiles} * kRows;
  const int first_column = static_cast<int>(blockIdx.x % column_tiles) * kColumns;
  const int all_steps = steps_of(shape);
  const int part = static_cast<int>(blockIdx.y);
  const int begin = all_steps * part / parts;
  const int steps = all_steps * (part + 1) / parts - begin;

  Loader<kColumns, kEnlarges> loader(args, first_row, first_column, begin);
  WarpTile<kColumns> tile;
  for (int i = 0; i < kStages - 1; ++i) {
    if (i < steps) loader.load(stages + i * kStageBytes<kColumns>);
    commit_copies();
  }
  for (int i = 0; i < steps; ++i) {
    wait_for_copies<kStages - 2>();
    __syncthreads();
    const int next = i + kStages - 1;
    if (next < steps) loader.load(stages + next % kStages * kStageBytes<kColumns>);
    commit_copies();
    tile.multiply(stages + i % kStages * kStageBytes<kColumns>);
  }

  const Pairs pairs{shape.out_channels};
  tile.each_pair([&](int tile_row, int tile_column, float2 values) {
    const std::int64_t row = first_row + tile_row;
    const int column = first_column + tile_column;
    if (row >= shape.rows() || column >= shape.out_channels) return;
    const std::int64_t at = row * shape.out_channels + column;
    if (parts > 1) {
      pairs.store(values, sums + part * shape.rows() * shape.out_channels + at, column);
    } else {
      pairs.store(finished(args, row, column, values), static_cast<Bf16*>(args.out) + at, column);
    }
  });
}

template <int kColumns, bool kEnlarges>
cudaError_t launch(const ConvTiles& args, int parts, float* sums, cudaStream_t stream) {
  constexpr int kBytes = kStages * kStageBytes<kColumns>;
  const cudaError_t status = cudaFuncSetAttribute(
      tiles_kernel<kColumns, kEnlarges>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  if (status != cudaSuccess) return status;
  const std::int64_t tiles = (args.shape.out_channels + kColumns - 1) / kColumns *
                             ((args.shape.rows() + kRows - 1) / kRows);
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(parts));
  tiles_kernel<kColumns, kEnlarges><<<grid, kThreads, kBytes, stream>>>(args, parts, sums);
  return cudaGetLastError();
}

}  // namespace

// The least time by a simple account: rounds of two blocks per processor, each of the steps of its
// part and some more to begin and end; narrow tiles take more than half as long as wide ones; sums
// of parts are written and read once more.
ConvCut cut_conv(const ConvShape& shape, int processors) {
  constexpr int kMostParts = 16;
  constexpr double kAround = 6;  // steps
  constexpr double kNarrow = 0.6;
  constexpr double kSumsPerStep = 2e5;  // that all processors write and read in the time of a step
  const int steps = steps_of(shape);
  const std::int64_t row_tiles = (shape.rows() + kRows - 1) / kRows;
  ConvCut best;
  double least = 0;
  for (const int columns : {128, 64}) {
    const std::int64_t tiles = row_tiles * ((shape.out_channels + columns - 1) / columns);
    for (int parts = 1; parts <= kMostParts && parts <= steps; ++parts) {
      const std::int64_t slots = 2 * std::int64_t{processors};
      const auto rounds = static_cast<double>((tiles * parts + slots - 1) / slots);
      const double step = columns == 128 ? 1 : kNarrow;
      double time = rounds * (static_cast<double>((steps + parts - 1) / parts) * step + kAround);
      if (parts > 1) {
        time += kAround + static_cast<double>(parts) * static_cast<double>(shape.rows()) *
                              shape.out_channels / kSumsPerStep;
      }
      if (least == 0 || time < least) {
        least = time;
        best = {.columns = columns, .parts = parts};
      }
    }
  }
  return best;
}

cudaError_t conv2d_tiles(const ConvTiles& args, const ConvCut& cut, float* sums,
                         cudaStream_t stream) {
  const bool enlarges = args.shape.enlarges();
  if (cut.columns == 64) {
    return enlarges ? launch<64, true>(args, cut.parts, sums, stream)
                    : launch<64, false>(args, cut.parts, sums, stream);
  }
  return enlarges ? launch<128, true>(args, cut.parts, sums, stream)
                  : launch<128, false>(args, cut.parts, sums, stream);
}

}  // namespace sagitta::cuda
