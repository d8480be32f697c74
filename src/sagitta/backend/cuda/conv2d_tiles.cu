// Convolutions by the tensor cores' products of 16x8 that every processor since Ampere has: each
// warp makes a part of the block's tile, from tiles that it loads into registers.
#include "sagitta/backend/cuda/conv2d_tiles.h"

#include "sagitta/backend/cuda/conv2d_block.cuh"
#include "sagitta/backend/cuda/conv2d_wgmma.h"

#include <algorithm>

namespace sagitta::cuda {
namespace {

// All threads copy, a word each in turns.
template <int kColumns>
class CopiedKernels {
 public:
  static constexpr int kSharedBytes = 0;

  __device__ CopiedKernels(const ConvTiles& args, int first_column, int step,
                           std::uint32_t /*shared*/)
      : from_(kernels_of<kColumns>(args, first_column, step) + threadIdx.x * 16) {}

  __device__ void load(int step, std::uint32_t to) const {
    constexpr int kBytesAtOnce = kThreads * 16;
    const unsigned char* const from = from_ + std::int64_t{step} * ConvKernels::kBytes;
#pragma unroll
    for (int i = 0; i < kColumns * kRowBytes / kBytesAtOnce; ++i) {
      copy_async(to + threadIdx.x * 16 + static_cast<std::uint32_t>(i * kBytesAtOnce),
                 from + i * kBytesAtOnce, true);
    }
  }
  __device__ void wait(int /*step*/) const {}

 private:
  const unsigned char* from_;
};

// The sums of one warp: a part of the block's tile, of which there are two or four by four or two.
template <int kTileColumns>
class WarpTile {
 public:
  static constexpr int kColumns = kTileColumns;
  using Kernels = CopiedKernels<kTileColumns>;
  static constexpr int kColumnsOfWarp = 32;
  static constexpr int kWarpsAcross = kColumns / kColumnsOfWarp;
  static constexpr int kRowsOfWarp = kRows * kWarpsAcross / (kThreads / 32);
  static constexpr int kRowTiles = kRowsOfWarp / 16;       // of 16 pixels
  static constexpr int kColumnTiles = kColumnsOfWarp / 8;  // of 8 channels

  __device__ WarpTile()
      : lane_(static_cast<int>(threadIdx.x) % 32),
        row_(static_cast<int>(threadIdx.x) / 32 / kWarpsAcross * kRowsOfWarp),
        column_(static_cast<int>(threadIdx.x) / 32 % kWarpsAcross * kColumnsOfWarp) {}

  __device__ void arrived() {}

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

template <int kColumns, bool kResamples>
__global__ void __launch_bounds__(kThreads, 2)
    tiles_kernel(const __grid_constant__ ConvTiles args, int parts, float* sums) {
  make_tile<WarpTile<kColumns>, kResamples>(args, parts, sums);
}

template <int kColumns>
cudaError_t launch(const ConvTiles& args, int parts, float* sums, cudaStream_t stream) {
  const auto kernel =
      args.shape.resamples() ? tiles_kernel<kColumns, true> : tiles_kernel<kColumns, false>;
  return launch_tiles<WarpTile<kColumns>>(kernel, args, parts, sums, stream);
}

// Microseconds of a step on an H100: of a block that has a processor for itself, and for each block
// where there are several. Elsewhere the ratios count.
struct Speed {
  double alone;
  double each;
};

Speed speed_of(int columns, bool wgmma) {
  if (wgmma) return columns == 128 ? Speed{0.6, 0.46} : Speed{0.42, 0.37};
  return columns == 128 ? Speed{1.8, 0.85} : Speed{0.54, 0.5};
}

}  // namespace

// The least time by a simple account: the steps of the processor with the most blocks, and what
// more parts cost, whose sums are written and read once more.
ConvCut cut_conv(const ConvShape& shape, int processors, bool wgmma) {
  constexpr int kMostParts = 16;
  constexpr double kLaunch = 3;     // microseconds
  constexpr double kBytes = 4.5e6;  // per microsecond, to and from the second cache
  const int steps = steps_of(shape);
  const std::int64_t row_tiles = (shape.rows() + kRows - 1) / kRows;
  const double bytes_of_part = static_cast<double>(shape.rows()) * shape.out_channels * 8;
  ConvCut best;
  double least = 0;
  for (const int columns : {128, 64}) {
    const Speed speed = speed_of(columns, wgmma);
    const std::int64_t tiles = row_tiles * ((shape.out_channels + columns - 1) / columns);
    for (int parts = 1; parts <= kMostParts && parts <= steps; ++parts) {
      const auto blocks = static_cast<double>((tiles * parts + processors - 1) / processors);
      double time =
          kLaunch + (steps + parts - 1) / parts * std::max(speed.alone, speed.each * blocks);
      if (parts > 1) time += kLaunch + parts * bytes_of_part / kBytes;
      if (least == 0 || time < least) {
        least = time;
        best = {.columns = columns, .parts = parts, .wgmma = wgmma};
      }
    }
  }
  return best;
}

cudaError_t conv2d_tiles(const ConvTiles& args, const ConvCut& cut, float* sums,
                         cudaStream_t stream) {
  if (cut.wgmma) return conv2d_wgmma(args, cut, sums, stream);
  return cut.columns == 64 ? launch<64>(args, cut.parts, sums, stream)
                           : launch<128>(args, cut.parts, sums, stream);
}

}  // namespace sagitta::cuda
