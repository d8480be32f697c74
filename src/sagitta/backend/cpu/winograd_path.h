// One way to compute Winograd's F(2, 3) along the columns of pictures in bf16 (winograd_bf16.h): an
// instruction set. The files winograd_amx.cc and winograd_dot.cc are compiled for theirs, so
// functions that other files use too are always_inline: the linker might keep their copy.
//
// Two neighbours in a column of the results are a pair. Rows of pairs are counted through all
// samples; a task takes some. The inputs of a pair are the four sums B^T d of what it sees in each
// column of the picture. They lie in lines of 32 channels, (position, channels / 32, band, column,
// row of the band): a column of zeros, those of the picture, and zeros again. So the neighbours to
// the left and to the right of a pair are as many lines away as a band has rows, and any 16 lines
// in a row can be multiplied. Where a row is not made of whole tiles, all rows of the task are one
// band, interleaved column by column, so that only its last tile is partly empty; else each row is
// one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

// What the numbers of channels are multiples of: those of x, and those of the results, which come
// in groups.
constexpr std::int64_t kWinogradDepth = 32;
constexpr std::int64_t kWinogradGroup = 32;
constexpr std::int64_t kWinogradPositions = 4;
constexpr std::int64_t kWinogradTaps = 3;
constexpr std::int64_t kWinogradTile = 16;  // pairs
constexpr std::int64_t kWinogradLineBytes = kWinogradDepth * 2;
// Tiles of pairs that are multiplied at all positions before their results are made. With 1280
// channels and ten groups the inputs of a position are 640 KiB and the sums 1.25 MiB.
constexpr std::int64_t kWinogradTiles = 16;
constexpr std::int64_t kWinogradMostRows = kWinogradTiles * kWinogradTile;

// Samples (height, width, in) in bf16 and some of their rows of pairs.
struct WinogradRows {
  std::int64_t height;
  std::int64_t width;
  std::int64_t in;
  std::int64_t first = 0;
  std::int64_t count = 0;  // at most kWinogradMostRows

  [[gnu::always_inline]] std::int64_t rows_per_sample() const { return (height + 1) / 2; }
  [[gnu::always_inline]] std::int64_t band() const {
    return width % kWinogradTile == 0 ? 1 : count;
  }
  [[gnu::always_inline]] std::int64_t band_lines() const { return (width + 2) * band(); }
  // Bytes from a pair's line to that of its neighbour in the row.
  [[gnu::always_inline]] std::int64_t column_bytes() const { return band() * kWinogradLineBytes; }
  // Bytes of the inputs of 32 channels at a position. A tile may reach beyond the last pair.
  [[gnu::always_inline]] std::int64_t depth_bytes() const {
    return ((width + 2) * count + kWinogradTile) * kWinogradLineBytes;
  }
  // Bytes of the inputs at a position.
  [[gnu::always_inline]] std::int64_t position_bytes() const {
    return in / kWinogradDepth * depth_bytes();
  }
};

// The weights of one position in tiles of 32 x 16: 16 rows of 16 pairs of in. Distances are in
// bytes.
struct WinogradWeights {
  const std::byte* data;
  std::int64_t depth;   // to the next 32 of in
  std::int64_t tap;     // to the next column of the kernel
  std::int64_t beside;  // to the next 16 of out
  std::int64_t row;     // between the rows of a tile
};

// Weights of a group: those of the first row of the kernel, and the way to the next row.
struct WinogradKernel {
  WinogradWeights tiles;
  std::int64_t below;
};

// Bytes of the transformed weights of a group at the two inner positions; at the outer ones they
// are the first and the last row of the kernel.
[[gnu::always_inline]] constexpr std::int64_t winograd_weight_bytes(std::int64_t in) {
  return 2 * kWinogradTaps * in * kWinogradGroup * 2;
}

// Where the results go, (sample, height, width, channels).
struct WinogradResults {
  std::int64_t channels;
  const float* bias;              // of the first sample; null: none
  std::int64_t bias_step;         // between samples
  const std::uint16_t* residual;  // null: none
  std::uint16_t* out;
};

// A part of the products: some rows and some groups.
struct WinogradTask {
  const WinogradRows& rows;
  const std::byte* inputs;
  std::int64_t channel;  // of the results: the first one
  std::int64_t groups;
  const WinogradKernel* kernels;   // of each group
  const std::byte* inner_weights;  // winograd_weight_bytes() for each group
  WinogradResults results;
};

// Bytes of scratch for a task: the sums at all positions of kWinogradTiles tiles.
[[gnu::always_inline]] constexpr std::int64_t winograd_scratch_bytes(std::int64_t groups) {
  return groups * kWinogradPositions * kWinogradTiles * kWinogradTile * kWinogradGroup * 4;
}

struct WinogradPath {
  const char* name;
  bool (*usable)();  // whether this processor has the instructions

  // The inputs of rows [first, end), counted from rows.first. x: the first sample. inputs: room for
  // those of all rows, kWinogradPositions * rows.position_bytes().
  void (*inputs)(const WinogradRows& rows, const std::uint16_t* x, std::int64_t first,
                 std::int64_t end, std::byte* inputs);

  // One column of the kernel, `tap`. to: winograd_weight_bytes(in), for the weights of all taps.
  void (*weights)(const WinogradKernel& kernel, std::int64_t in, std::int64_t tap, std::byte* to);

  // scratch: winograd_scratch_bytes(task.groups), aligned to 64 bytes.
  void (*multiply)(const WinogradTask& task, std::byte* scratch);
};

extern const WinogradPath kWinogradAmx;
extern const WinogradPath kWinogradDot;

}  // namespace sagitta::cpu
