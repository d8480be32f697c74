// Walks the pairs of a task: what a path of winograd_path.h runs. Needs AVX-512 and its conversions
// to bf16. Products, one struct per instruction set in an unnamed namespace, has
//   Scope     lives while products are made
//   kTiles    tiles of pairs that are multiplied at a time
//   multiply(lines, weights, sums) makes their sums at one position for a group of results
#pragma once

#include "sagitta/backend/cpu/widen.h"
#include "sagitta/backend/cpu/winograd_path.h"

#include <immintrin.h>

namespace sagitta::cpu {

// Tiles of inputs at one position.
template <std::int64_t kTiles>
struct WinogradLines {
  const std::byte* data[kTiles];  // the lines before the first pairs, which the first tap sees
  std::int64_t depth;             // bytes to the next 32 channels
  std::int64_t depths;
};

// Where sums go: two blocks of 16 x 16 floats for each tile.
struct WinogradSums {
  std::byte* data;
  std::int64_t below;   // bytes to the next tile
  std::int64_t beside;  // bytes to the next 16 results
};

template <class Products>
class WinogradStream {
 public:
  static void inputs(const WinogradRows& rows, const std::uint16_t* x, std::int64_t first,
                     std::int64_t end, std::byte* inputs) {
    const std::int64_t line = rows.width * rows.in;
    for (std::int64_t i = first; i < end; ++i) {
      const std::int64_t sample = (rows.first + i) / rows.rows_per_sample();
      const std::int64_t top = (rows.first + i) % rows.rows_per_sample() * 2 - 1;
      for (std::int64_t channel = 0; channel < rows.in; channel += kWinogradDepth) {
        const std::uint16_t* seen[4];
        for (std::int64_t k = 0; k < 4; ++k) {
          const bool inside = top + k >= 0 && top + k < rows.height;
          seen[k] = inside ? x + (sample * rows.height + top + k) * line + channel : nullptr;
        }
        std::byte* const to = inputs + channel / kWinogradDepth * rows.depth_bytes() +
                              (1 + i * rows.pitch()) * kWinogradLineBytes;
        row_inputs(seen, rows.width, rows.in, rows.position_bytes(), to);
        for (std::int64_t k = 0; k < kWinogradPositions; ++k) {
          zero_line(to + rows.width * kWinogradLineBytes + k * rows.position_bytes());
          if (i == 0) zero_line(to - kWinogradLineBytes + k * rows.position_bytes());
        }
      }
    }
  }

  static void weights(const WinogradKernel& kernel, std::int64_t in, std::int64_t tap,
                      std::byte* to) {
    const WinogradWeights& tiles = kernel.tiles;
    const std::int64_t position = inner_bytes(in);
    for (std::int64_t block = 0; block < in / kWinogradDepth; ++block) {
      const std::byte* from = tiles.data + tap * tiles.tap + block * tiles.depth;
      std::byte* out = to + (block * kWinogradTaps + tap) * kPairBytes;
      for (std::int64_t row = 0; row < kSide; ++row, from += tiles.row, out += kRowBytes) {
        for (std::int64_t i = 0; i < 2; ++i) {
          const std::byte* const first = from + i * tiles.beside;
          const Wide outer = load(first) + load(first + 2 * kernel.below);
          const Wide middle = load(first + kernel.below);
          store(outer + middle, out + i * kTileBytes);
          store(outer - middle, out + i * kTileBytes + position);
        }
      }
    }
  }

  static void multiply(const WinogradTask& task, std::byte* scratch) {
    [[maybe_unused]] const typename Products::Scope scope;
    WinogradStream(task, scratch).run();
  }

 private:
  static constexpr std::int64_t kSide = 16;  // rows and columns of sums
  static constexpr std::int64_t kRowBytes = 64;
  static constexpr std::int64_t kTileBytes = kSide * kRowBytes;
  // Transformed weights of a group lie in (position, in / 32, tap, 2) tiles.
  static constexpr std::int64_t kPairBytes = 2 * kTileBytes;
  static_assert(kWinogradTile == kSide && kWinogradGroup == 2 * kSide &&
                kWinogradTiles % Products::kTiles == 0);

  // 32 values.
  struct Wide {
    __m512 low;
    __m512 high;

    friend Wide operator+(const Wide& a, const Wide& b) { return {a.low + b.low, a.high + b.high}; }
    friend Wide operator-(const Wide& a, const Wide& b) { return {a.low - b.low, a.high - b.high}; }
  };

  static Wide zeros() { return {_mm512_setzero_ps(), _mm512_setzero_ps()}; }

  // a + b / 2.
  static Wide plus_half(const Wide& a, const Wide& b) {
    const __m512 half = _mm512_set1_ps(0.5F);
    return {_mm512_fmadd_ps(half, b.low, a.low), _mm512_fmadd_ps(half, b.high, a.high)};
  }

  static Wide load(const void* from) {
    const auto* const halves = static_cast<const __m256i*>(from);
    return {widen(_mm256_loadu_si256(halves)), widen(_mm256_loadu_si256(halves + 1))};
  }

  static void store(const Wide& values, void* to) {
    const __m512bh rounded = _mm512_cvtne2ps_pbh(values.high, values.low);
    _mm512_storeu_si512(to, reinterpret_cast<__m512i>(rounded));
  }

  static void zero_line(std::byte* to) { _mm512_storeu_si512(to, _mm512_setzero_si512()); }

  // The inputs of a row of pairs for 32 channels. rows: the four rows of the picture that it sees,
  // null where they are outside. step: bytes from one position to the next one.
  static void row_inputs(const std::uint16_t* const (&rows)[4], std::int64_t width,
                         std::int64_t channels, std::int64_t step, std::byte* to) {
    for (std::int64_t x = 0; x < width; ++x, to += kWinogradLineBytes) {
      Wide d[4];
      for (int i = 0; i < 4; ++i) {
        d[i] = rows[i] == nullptr ? zeros() : load(rows[i] + x * channels);
      }
      store(d[0] - d[2], to);
      store(d[1] + d[2], to + step);
      store(d[2] - d[1], to + 2 * step);
      store(d[1] - d[3], to + 3 * step);
    }
  }

  // Bytes of the transformed weights of a group at one position.
  static std::int64_t inner_bytes(std::int64_t in) { return winograd_weight_bytes(in) / 2; }

  WinogradStream(const WinogradTask& task, std::byte* scratch)
      : task_(task), rows_(task.rows), scratch_(scratch) {}

  void run() {
    const std::int64_t end = task_.end * rows_.pitch();
    for (std::int64_t line = task_.first * rows_.pitch(); line < end;) {
      line = take_tiles(line, end);
      for (std::int64_t position = 0; position < kWinogradPositions; ++position) {
        for (std::int64_t group = 0; group < task_.groups; ++group) multiply(position, group);
      }
      for (std::int64_t group = 0; group < task_.groups; ++group) finish(group, end);
    }
  }

  // Takes tiles from a line on, and returns the line behind them. No tile begins at
  // a line of zeros, whose results are of no use: where the width is a multiple of 16 they are
  // never computed.
  std::int64_t take_tiles(std::int64_t line, std::int64_t end) {
    count_ = 0;
    while (count_ < kWinogradTiles && line < end) {
      lines_[count_++] = line;
      line += kWinogradTile;
      if (line % rows_.pitch() == rows_.width) ++line;
    }
    return line;
  }

  // The sums of a tile at a position.
  [[nodiscard]] std::byte* sums(std::int64_t group, std::int64_t tile,
                                std::int64_t position) const {
    return scratch_ +
           ((group * kWinogradTiles + tile) * kWinogradPositions + position) * 2 * kTileBytes;
  }

  [[nodiscard]] WinogradWeights weights_at(std::int64_t position, std::int64_t group) const {
    const WinogradKernel& kernel = task_.kernels[group];
    WinogradWeights tiles = kernel.tiles;
    if (position == 0) return tiles;
    if (position == 3) {
      tiles.data += 2 * kernel.below;
      return tiles;
    }
    return {.data = task_.inner_weights + group * winograd_weight_bytes(rows_.in) +
                    (position - 1) * inner_bytes(rows_.in),
            .depth = kWinogradTaps * kPairBytes,
            .tap = kPairBytes,
            .beside = kTileBytes,
            .row = kRowBytes};
  }

  void multiply(std::int64_t position, std::int64_t group) {
    const WinogradWeights right = weights_at(position, group);
    const std::byte* const inputs = task_.inputs + position * rows_.position_bytes();
    WinogradLines<Products::kTiles> lines{
        .data = {}, .depth = rows_.depth_bytes(), .depths = rows_.in / kWinogradDepth};
    for (std::int64_t tile = 0; tile < count_; tile += Products::kTiles) {
      // Where they are missing, the last one is multiplied again.
      for (std::int64_t i = 0; i < Products::kTiles; ++i) {
        const std::int64_t last = tile + i < count_ ? tile + i : count_ - 1;
        lines.data[i] = inputs + lines_[last] * kWinogradLineBytes;
      }
      Products::multiply(lines, right,
                         {.data = sums(group, tile, position),
                          .below = kWinogradPositions * 2 * kTileBytes,
                          .beside = kTileBytes});
    }
  }

  void finish(std::int64_t group, std::int64_t end) const {
    const std::int64_t channel = task_.channel + group * kWinogradGroup;
    for (std::int64_t tile = 0; tile < count_; ++tile) {
      const std::int64_t line = lines_[tile];
      const std::int64_t count = end - line < kSide ? end - line : kSide;
      const float* from = reinterpret_cast<const float*>(sums(group, tile, 0));
      // Pairs of one row at a time.
      for (std::int64_t i = 0; i < count;) {
        const std::int64_t row = rows_.first + (line + i) / rows_.pitch();
        const std::int64_t x = (line + i) % rows_.pitch();
        const std::int64_t part = rows_.width - x < count - i ? rows_.width - x : count - i;
        finish_row(from + i * kSide, row, x, part, channel);
        i += part + 1;
      }
    }
  }

  void finish_row(const float* sums, std::int64_t row, std::int64_t x, std::int64_t count,
                  std::int64_t channel) const {
    const std::int64_t sample = row / rows_.rows_per_sample();
    const std::int64_t y = row % rows_.rows_per_sample() * 2;
    const std::int64_t step = task_.results.channels;
    const std::int64_t below = rows_.width * step;
    const bool both = y + 1 < rows_.height;
    const Wide bias = bias_of(sample, channel);
    std::int64_t at = ((sample * rows_.height + y) * rows_.width + x) * step + channel;
    for (std::int64_t i = 0; i < count; ++i, sums += kSide, at += step) {
      const auto sum = [&](std::int64_t position) {
        const float* const from = sums + position * 2 * kSide * kSide;
        return Wide{_mm512_load_ps(from), _mm512_load_ps(from + kSide * kSide)};
      };
      write(plus_half(sum(0) + bias, sum(1) + sum(2)), at);
      if (both) write(plus_half(bias - sum(3), sum(1) - sum(2)), at + below);
    }
  }

  [[nodiscard]] Wide bias_of(std::int64_t sample, std::int64_t channel) const {
    const WinogradResults& results = task_.results;
    if (results.bias == nullptr) return zeros();
    const float* const bias = results.bias + sample * results.bias_step + channel;
    return {_mm512_loadu_ps(bias), _mm512_loadu_ps(bias + kSide)};
  }

  void write(const Wide& values, std::int64_t at) const {
    const WinogradResults& results = task_.results;
    store(results.residual == nullptr ? values : values + load(results.residual + at),
          results.out + at);
  }

  const WinogradTask& task_;
  const WinogradRows& rows_;
  std::byte* scratch_;
  std::int64_t lines_[kWinogradTiles];  // of the first pairs of tiles
  std::int64_t count_ = 0;
};

template <class Products>
constexpr WinogradPath winograd_path(const char* name, bool (*usable)()) {
  using Stream = WinogradStream<Products>;
  return {.name = name,
          .usable = usable,
          .inputs = Stream::inputs,
          .weights = Stream::weights,
          .multiply = Stream::multiply};
}

}  // namespace sagitta::cpu
