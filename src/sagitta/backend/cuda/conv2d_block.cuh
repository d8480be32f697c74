// How a block makes its tile of a convolution: 128 pixels and so many output channels, with eight
// warps. It walks along the depth in steps of 64 channels of one tap: a row of a tile is then 128
// bytes, eight words of 16 bytes. Word w of row r lies at place w ^ (r % 8), so that the eight rows
// of an 8x8 tile come from different banks; it is also the order that Hopper's products read. Three
// steps are in shared memory at a time: one is multiplied while two come.
//
// What multiplies is a class Tile: kColumns, the number of output channels; `arrived()`, called
// when a step has come and before all threads meet; `multiply(stage)`, and `wait()` if its products
// run beside the program; and `each_pair`. Its Kernels bring the kernels of a step, which lie in
// memory as they shall lie in the block's.
#pragma once

#include "sagitta/backend/cuda/conv2d_kernels.h"
#include "sagitta/backend/cuda/conv2d_tiles.h"
#include "sagitta/backend/cuda/device.cuh"
#include "sagitta/backend/cuda/tensor_core.cuh"

namespace sagitta::cuda {

constexpr int kThreads = 256;
constexpr int kRows = 128;
constexpr int kDepth = ConvKernels::kDepth;
constexpr int kStages = 3;
constexpr int kWord = 8;                // values in 16 bytes
constexpr int kWords = kDepth / kWord;  // of a row
constexpr int kRowBytes = kDepth * 2;
constexpr int kRowsAtOnce = kThreads / kWords;  // that the threads load together
constexpr int kOutside = -(1 << 14);            // a row of pixels that no tap reaches

template <int kColumns>
constexpr int kStageBytes = (kRows + kColumns) * kRowBytes;

__device__ inline std::uint32_t place(int row, int word) {
  return static_cast<std::uint32_t>(row * kRowBytes + ((word ^ (row % kWords)) * 16));
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

// Brings the pixels of a step: one word of four of them for each thread.
template <bool kResamples>
class Pixels {
 public:
  static constexpr int kPixels = kRows / kRowsAtOnce;

  __device__ Pixels(const ConvTiles& args, std::int64_t first_row, int step)
      : args_(args),
        word_(static_cast<int>(threadIdx.x) % kWords),
        row_(static_cast<int>(threadIdx.x) / kWords),
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
          kResamples ? source_row * shape.source_width : (source_row + y) * shape.source_width + x;
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
      if constexpr (kResamples) {
        const std::int64_t source_y = std::int64_t{tap_y} * shape.source_height / shape.height;
        const std::int64_t source_x = std::int64_t{tap_x} * shape.source_width / shape.width;
        pixel += static_cast<int>(source_y * shape.source_width + source_x);
      } else {
        pixel += from_first_tap;
      }
      const Bf16* const from = x + std::int64_t{pixel} * shape.channels + channel;
      copy_async(stage + place(row_ + i * kRowsAtOnce, word_), there ? from : x, there);
    }
    walk_.step(shape);
  }

 private:
  const ConvTiles& args_;
  int word_;
  int row_;
  Walk walk_;
  // Of the first tap: its row and column, 16 bits each since registers are few, and the number of
  // its pixel, or of the first one of its sample where the source has another size.
  int place_[kPixels];
  int source_[kPixels];
};

// Where the kernels of a block's steps lie, one after the other.
template <int kColumns>
__device__ const unsigned char* kernels_of(const ConvTiles& args, int first_column, int step) {
  const std::int64_t group = first_column / ConvKernels::kColumns;
  const std::int64_t row = first_column % ConvKernels::kColumns;
  return static_cast<const unsigned char*>(args.kernel) +
         (group * steps_of(args.shape) + step) * ConvKernels::kBytes + row * kRowBytes;
}

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

__device__ inline float2 operator+(float2 a, float2 b) { return {a.x + b.x, a.y + b.y}; }

// Biases and residual added.
__device__ inline float2 finished(const ConvTiles& args, std::int64_t row, int column,
                                  float2 sums) {
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

// The block's tile of this part of the depth: steps, then biases and residual. With several parts,
// the sums alone, into `sums`.
template <class Tile, bool kResamples>
__device__ void make_tile(const ConvTiles& args, int parts, float* sums) {
  extern __shared__ __align__(1024) unsigned char shared[];
  constexpr int kColumns = Tile::kColumns;
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
  const auto stage = [&](int step) {
    return stages + static_cast<std::uint32_t>(step % kStages * kStageBytes<kColumns>);
  };

  Pixels<kResamples> pixels(args, first_row, begin);
  typename Tile::Kernels kernels(args, first_column, begin, stages);
  const auto load = [&](int step) {
    pixels.load(stage(step));
    kernels.load(step, stage(step) + kRows * kRowBytes);
  };
  Tile tile;
  constexpr bool kBeside = requires { tile.wait(); };
  for (int i = 0; i < kStages - 1; ++i) {
    if (i < steps) load(i);
    commit_copies();
  }
  for (int i = 0; i < steps; ++i) {
    wait_for_copies<kStages - 2>();
    kernels.wait(i);
    tile.arrived();
    __syncthreads();
    if constexpr (kBeside) tile.multiply(stage(i));
    // Where the step before was, which all threads have done.
    const int next = i + kStages - 1;
    if (next < steps) load(next);
    commit_copies();
    if constexpr (kBeside) {
      tile.wait();
    } else {
      tile.multiply(stage(i));
    }
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

// Issues a kernel, made of make_tile, for all tiles and parts.
template <class Tile>
cudaError_t launch_tiles(void (*kernel)(ConvTiles, int, float*), const ConvTiles& args, int parts,
                         float* sums, cudaStream_t stream) {
  constexpr int kBytes = kStages * kStageBytes<Tile::kColumns> + Tile::Kernels::kSharedBytes;
  const cudaError_t status =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  if (status != cudaSuccess) return status;
  const std::int64_t tiles = (args.shape.out_channels + Tile::kColumns - 1) / Tile::kColumns *
                             ((args.shape.rows() + kRows - 1) / kRows);
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(parts));
  kernel<<<grid, kThreads, kBytes, stream>>>(args, parts, sums);
  return cudaGetLastError();
}

}  // namespace sagitta::cuda
