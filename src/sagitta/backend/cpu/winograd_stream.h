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
  const std::byte* data[kTiles];  // the lines that the first tap sees
  std::int64_t tap;               // bytes to the lines that the next tap sees
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
        const std::int64_t place = i / rows.band() * rows.band_lines() + i % rows.band();
        std::byte* const to =
            inputs + channel / kWinogradDepth * rows.depth_bytes() + place * kWinogradLineBytes;
        row_inputs(seen, rows, to);
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

  // The inputs of a row of pairs for 32 channels. seen: the four rows of the picture that it sees,
  // null where they are outside. to: the row's zeros before the first column.
  static void row_inputs(const std::uint16_t* const (&seen)[4], const WinogradRows& rows,
                         std::byte* to) {
    const std::int64_t step = rows.position_bytes();
    const std::int64_t column = rows.column_bytes();
    for (std::int64_t k = 0; k < kWinogradPositions; ++k) {
      zero_line(to + k * step);
      zero_line(to + k * step + (rows.width + 1) * column);
    }
    for (std::int64_t x = 0; x < rows.width; ++x) {
      to += column;
      Wide d[4];
      for (int i = 0; i < 4; ++i) {
        d[i] = seen[i] == nullptr ? zeros() : load(seen[i] + x * rows.in);
      }
      store(d[0] - d[2], to);
      store(d[1] + d[2], to + step);
      store(d[2] - d[1], to + 2 * step);
      store(d[1] - d[3], to + 3 * step);
    }
  }

  // Bytes of the transformed weights of a group at one position.
  static std::int64_t inner_bytes(std::int64_t in) { return winograd_weight_bytes(in) / 2; }

  // Where the results of a row of pairs are.
  struct Place {
    std::int64_t at;    // the upper one of its first pair, channel 0
    const float* bias;  // of its sample; null: none
    bool both;          // whether the lower one is inside of the picture
  };

  WinogradStream(const WinogradTask& task, std::byte* scratch)
      : task_(task), rows_(task.rows), scratch_(scratch) {
    const WinogradResults& results = task.results;
    for (std::int64_t i = 0; i < rows_.count; ++i) {
      const std::int64_t sample = (rows_.first + i) / rows_.rows_per_sample();
      const std::int64_t y = (rows_.first + i) % rows_.rows_per_sample() * 2;
      places_[i] = {
          .at = (sample * rows_.height + y) * rows_.width * results.channels,
          .bias = results.bias == nullptr ? nullptr : results.bias + sample * results.bias_step,
          .both = y + 1 < rows_.height};
    }
  }

  // Pairs in lines behind each other.
  struct Tile {
    std::int64_t line;   // that the first tap sees
    std::int64_t row;    // the first row of the band
    std::int64_t first;  // pair of the band
    std::int64_t count;
  };

  void run() {
    std::int64_t row = 0;
    std::int64_t pair = 0;
    while (row < rows_.count) {
      take_tiles(row, pair);
      for (std::int64_t position = 0; position < kWinogradPositions; ++position) {
        for (std::int64_t group = 0; group < task_.groups; ++group) multiply(position, group);
      }
      for (std::int64_t group = 0; group < task_.groups; ++group) finish(group);
    }
  }

  // Takes tiles from a pair of the band on that begins at a row, and moves both on.
  void take_tiles(std::int64_t& row, std::int64_t& pair) {
    const std::int64_t pairs = rows_.width * rows_.band();
    for (count_ = 0; count_ < kWinogradTiles && row < rows_.count; ++count_) {
      const std::int64_t left = pairs - pair;
      tiles_[count_] = {.line = row / rows_.band() * rows_.band_lines() + pair,
                        .row = row,
                        .first = pair,
                        .count = left < kWinogradTile ? left : kWinogradTile};
      pair += kWinogradTile;
      if (pair < pairs) continue;
      pair = 0;
      row += rows_.band();
    }
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
    WinogradLines<Products::kTiles> lines{.data = {},
                                          .tap = rows_.column_bytes(),
                                          .depth = rows_.depth_bytes(),
                                          .depths = rows_.in / kWinogradDepth};
    for (std::int64_t tile = 0; tile < count_; tile += Products::kTiles) {
      // Where they are missing, the last one is multiplied again.
      for (std::int64_t i = 0; i < Products::kTiles; ++i) {
        const std::int64_t taken = tile + i < count_ ? tile + i : count_ - 1;
        lines.data[i] = inputs + tiles_[taken].line * kWinogradLineBytes;
      }
      Products::multiply(lines, right,
                         {.data = sums(group, tile, position),
                          .below = kWinogradPositions * 2 * kTileBytes,
                          .beside = kTileBytes});
    }
  }

  void finish(std::int64_t group) const {
    const std::int64_t channel = task_.channel + group * kWinogradGroup;
    for (std::int64_t i = 0; i < count_; ++i) {
      const Tile& tile = tiles_[i];
      std::int64_t x = tile.first / rows_.band();
      std::int64_t row = tile.first % rows_.band();
      const float* from = reinterpret_cast<const float*>(sums(group, i, 0));
      for (std::int64_t pair = 0; pair < tile.count; ++pair, from += kSide) {
        finish_pair(from, places_[tile.row + row], x, channel);
        if (++row < rows_.band()) continue;
        row = 0;
        ++x;
      }
    }
  }

  void finish_pair(const float* sums, const Place& place, std::int64_t x,
                   std::int64_t channel) const {
    const auto sum = [&](std::int64_t position) {
      const float* const from = sums + position * 2 * kSide * kSide;
      return Wide{_mm512_load_ps(from), _mm512_load_ps(from + kSide * kSide)};
    };
    const Wide bias = bias_of(place, channel);
    const std::int64_t step = task_.results.channels;
    const std::int64_t at = place.at + x * step + channel;
    write(plus_half(sum(0) + bias, sum(1) + sum(2)), at);
    if (place.both) {
      write(plus_half(bias - sum(3), sum(1) - sum(2)), at + rows_.width * step);
    }
  }

  static Wide bias_of(const Place& place, std::int64_t channel) {
    if (place.bias == nullptr) return zeros();
    const float* const bias = place.bias + channel;
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
  Place places_[kWinogradMostRows];
  Tile tiles_[kWinogradTiles];
  std::int64_t count_ = 0;  // of tiles_
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
