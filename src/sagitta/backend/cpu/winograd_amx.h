// Winograd's F(2, 3) along the columns of pictures with AMX: see winograd_bf16.h. winograd_amx.cc
// is compiled for its instruction set, so functions that other files use too are always_inline: the
// linker might keep their copy.
//
// Two neighbours in a column of the results are a pair. Rows of pairs are counted through all
// samples. The four sums B^T d that a pair sees in each column of the picture are its cells. They
// lie in lines of 32 channels, (position, channels / 32, line): a line of zeros, and then those of
// each row of pairs with one of zeros behind them, so that the neighbours to the left and to the
// right are the lines before and after.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

// What the numbers of channels are multiples of.
constexpr std::int64_t kWinogradDepth = 32;
constexpr std::int64_t kWinogradColumns = 32;
constexpr std::int64_t kWinogradPositions = 4;
constexpr std::int64_t kWinogradTaps = 3;
constexpr std::int64_t kWinogradTile = 16;  // pairs
// Tiles of pairs that wait for all positions of their sums at once: so many that reading the
// weights again costs little, and so few that one position's cells and all sums stay near the
// second cache.
constexpr std::int64_t kWinogradBlock = 16;

// Samples (height, width, in) in bf16 and some of their rows of pairs.
struct WinogradRows {
  std::int64_t height;
  std::int64_t width;
  std::int64_t in;
  std::int64_t first = 0;
  std::int64_t count = 0;

  [[gnu::always_inline]] std::int64_t rows_per_sample() const { return (height + 1) / 2; }
  [[gnu::always_inline]] std::int64_t pitch() const { return width + 1; }
  // From one block of 32 channels to the next one, in bytes. A tile may reach beyond the last pair.
  [[gnu::always_inline]] std::int64_t block() const {
    return (1 + count * pitch() + kWinogradTile) * kWinogradDepth * 2;
  }
  // From one position's cells to the next one's.
  [[gnu::always_inline]] std::int64_t step() const { return in / kWinogradDepth * block(); }
};

// The cells of rows [first, end), counted from rows.first. x: the first sample.
void winograd_cells(const WinogradRows& rows, const std::uint16_t* x, std::int64_t first,
                    std::int64_t end, std::byte* cells);

// The weights of one position in tiles of 32 x 16, as tdpbf16ps takes them. Distances are in bytes.
struct WinogradTiles {
  const std::byte* data;
  std::int64_t depth;   // to the next 32 of in
  std::int64_t tap;     // to the next column of the kernel
  std::int64_t beside;  // to the next 16 of out
  std::int64_t row;     // between the rows of a tile
};

// Weights of 32 columns of out: those of the first row of the kernel, and the way to the next row.
struct WinogradKernel {
  WinogradTiles tiles;
  std::int64_t below;
};

// Bytes of the transformed weights of 32 columns at the two inner positions; at the outer ones they
// are the first and the last row of the kernel.
[[gnu::always_inline]] constexpr std::int64_t winograd_weight_bytes(std::int64_t in) {
  return 2 * kWinogradTaps * in * kWinogradColumns * 2;
}

// One column of the kernel, `tap`. to: the weights of all taps.
void winograd_weights(const WinogradKernel& kernel, std::int64_t in, std::int64_t tap,
                      std::byte* to);

// Where the results go, (sample, height, width, channels).
struct WinogradResults {
  std::int64_t channels;
  const float* bias;              // of the first sample; null: none
  std::int64_t bias_step;         // between samples
  const std::uint16_t* residual;  // null: none
  std::uint16_t* out;
};

// A part of the products: rows [first, end) of pairs, counted from rows.first, and `groups` times
// 32 columns of out.
struct WinogradTask {
  const WinogradRows& rows;
  const std::byte* cells;
  std::int64_t first;
  std::int64_t end;
  std::int64_t column;  // the first one
  std::int64_t groups;
  const WinogradKernel* kernels;   // of each group
  const std::byte* inner_weights;  // winograd_weight_bytes() for each group
  WinogradResults results;
};

// Bytes of scratch for a task: the sums of all positions of kWinogradBlock tiles.
[[gnu::always_inline]] constexpr std::int64_t winograd_scratch_bytes(std::int64_t groups) {
  return groups * kWinogradPositions * kWinogradBlock * kWinogradTile * kWinogradColumns * 4;
}

// Needs amx_usable().
void winograd_multiply(const WinogradTask& task, std::byte* scratch);

}  // namespace sagitta::cpu
