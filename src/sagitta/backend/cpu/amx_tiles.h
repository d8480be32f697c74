// Tiles of AMX: the eight registers of 16 rows of 64 bytes, and the steps of products. Included by
// the sources that are compiled for AMX alone, all with the same flags.
//
// tdpbf16ps adds to a tile of 16 x 16 floats the product of a left tile (16 rows of 32 bf16) and a
// right tile (16 rows of 16 pairs of bf16: element t of pair n in row r is element (2r + t, n) of
// the matrix). A packed tile is 1 KiB without gaps.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu::amx {

constexpr std::int64_t kSide = 16;   // rows of a tile, and columns of a tile of floats
constexpr std::int64_t kDepth = 32;  // bf16 in a row: the length of the sums of one instruction
constexpr std::int64_t kTileBytes = 1024;
constexpr std::int64_t kRowBytes = 64;

inline std::int64_t divide_up(std::int64_t length, std::int64_t unit) {
  return (length + unit - 1) / unit;
}

// All eight tiles of full size while it lives. Others (oneDNN) configure the tiles when they begin
// and expect nothing of them, so this leaves them released.
class Configured {
 public:
  Configured() {
    struct alignas(64) Config {
      std::uint8_t palette = 1;
      std::uint8_t start_row = 0;
      std::uint8_t reserved[14] = {};
      std::uint16_t row_bytes[16] = {};
      std::uint8_t rows[16] = {};
    } config;
    for (int tile = 0; tile < 8; ++tile) {
      config.row_bytes[tile] = kRowBytes;
      config.rows[tile] = kSide;
    }
    // g++ 12 knows of only the first 8 bytes that the instruction reads.
    asm volatile("" : : "m"(config));
    _tile_loadconfig(&config);
  }
  ~Configured() { _tile_release(); }
  Configured(const Configured&) = delete;
  Configured& operator=(const Configured&) = delete;
};

// Two left tiles below each other. Distances are in bytes.
struct Left {
  const std::byte* data;
  std::int64_t below;  // to the second tile
  std::int64_t row;    // between the rows of a tile
};

// Products of two left tiles and two right tiles. Tiles 0 to 3 are their sums c(i, j), 4 and 5 the
// left tiles and 6 and 7 the right ones: four instructions for four loads. Vector code may stand
// between any two calls.
struct Square {
  // Where sums go.
  struct Sums {
    std::byte* data;
    std::int64_t below;   // to the tile with the next i
    std::int64_t beside;  // to the tile with the next j
    std::int64_t row;     // between the rows of a tile
  };

  static void clear() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }

  static void store(const Sums& c) {
    _tile_stored(0, c.data, c.row);
    _tile_stored(1, c.data + c.below, c.row);
    _tile_stored(2, c.data + c.beside, c.row);
    _tile_stored(3, c.data + c.below + c.beside, c.row);
  }

  // c(i, j) += left(i) right[j]. right_row: between the rows of a right tile. Loads of tiles are
  // invisible to the compiler, hence the barrier.
  static void multiply(const Left& left, const std::byte* const (&right)[2],
                       std::int64_t right_row) {
    asm volatile("" ::: "memory");
    _tile_loadd(6, right[0], right_row);
    _tile_loadd(4, left.data, left.row);
    _tile_loadd(5, left.data + left.below, left.row);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 5, 6);
    _tile_loadd(7, right[1], right_row);
    _tile_dpbf16ps(2, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
};

// Products of two left tiles and one right tile, in two forms whose sums are in tiles of their own,
// so that both can be under way at once. (The instructions take their tiles as literals alone.)
// Three loads for two instructions are what the first cache can give. below: to the second tile of
// sums. row: between the rows of a tile.
struct FirstColumn {
  static void clear() {
    _tile_zero(0);
    _tile_zero(1);
  }

  static void store(std::byte* c, std::int64_t below, std::int64_t row) {
    _tile_stored(0, c, row);
    _tile_stored(1, c + below, row);
  }

  static void multiply(const Left& left, const std::byte* right) {
    asm volatile("" ::: "memory");
    _tile_loadd(6, right, kRowBytes);
    _tile_loadd(4, left.data, left.row);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, left.data + left.below, left.row);
    _tile_dpbf16ps(1, 5, 6);
  }
};

struct SecondColumn {
  static void load(const std::byte* c, std::int64_t below, std::int64_t row) {
    asm volatile("" ::: "memory");
    _tile_loadd(2, c, row);
    _tile_loadd(3, c + below, row);
  }

  static void store(std::byte* c, std::int64_t below, std::int64_t row) {
    _tile_stored(2, c, row);
    _tile_stored(3, c + below, row);
  }

  static void multiply(const Left& left, const std::byte* right) {
    asm volatile("" ::: "memory");
    _tile_loadd(7, right, kRowBytes);
    _tile_loadd(4, left.data, left.row);
    _tile_dpbf16ps(2, 4, 7);
    _tile_loadd(5, left.data + left.below, left.row);
    _tile_dpbf16ps(3, 5, 7);
  }
};

// The first `count` of 32 or 16 lanes.
inline __mmask32 first_lanes(std::int64_t count) {
  return count >= 32 ? ~__mmask32{0} : (__mmask32{1} << (count < 0 ? 0 : count)) - 1;
}

// Rows of one head: `size` bf16 each, `step` elements apart.
struct Rows {
  const std::uint16_t* data;
  std::int64_t step;
  std::int64_t size;
  std::int64_t count;
};

// 32 bf16 of a row from element `first` on; zeros beyond the row and beyond the last row.
inline __m512i load_depth(const Rows& from, std::int64_t row, std::int64_t first) {
  if (row >= from.count) return _mm512_setzero_si512();
  return _mm512_maskz_loadu_epi16(first_lanes(from.size - first),
                                  from.data + row * from.step + first);
}

// `row_tiles` x divide_up(size, kDepth) left tiles, those of the same rows beside each other.
// `flip` has the sign bits that are to be changed.
inline void pack_left(const Rows& from, std::int64_t row_tiles, __m512i flip, std::byte* to) {
  const std::int64_t steps = divide_up(from.size, kDepth);
  for (std::int64_t row = 0; row < row_tiles * kSide; ++row) {
    std::byte* const first = to + row / kSide * steps * kTileBytes + row % kSide * kRowBytes;
    for (std::int64_t step = 0; step < steps; ++step) {
      const __m512i values = load_depth(from, row, step * kDepth);
      _mm512_store_si512(first + step * kTileBytes, _mm512_xor_si512(values, flip));
    }
  }
}

// Right tiles of the matrix whose columns are the rows `from`: (column tile, step).
// transpose(a square of 16 x 16 words) comes from the caller.
template <class Transpose>
void pack_transposed(const Rows& from, std::int64_t column_tiles, std::byte* to,
                     const Transpose& transpose) {
  const std::int64_t steps = divide_up(from.size, kDepth);
  for (std::int64_t column = 0; column < column_tiles; ++column) {
    for (std::int64_t step = 0; step < steps; ++step, to += kTileBytes) {
      __m512 square[kSide];
      for (std::int64_t i = 0; i < kSide; ++i) {
        square[i] = _mm512_castsi512_ps(load_depth(from, column * kSide + i, step * kDepth));
      }
      transpose(square);
      for (std::int64_t i = 0; i < kSide; ++i) _mm512_store_ps(to + i * kRowBytes, square[i]);
    }
  }
}

// Right tiles of the matrix `from` with one more column, `last` in all rows: (step, column tile).
// The rows of a step may stand in another order: row_of_pair(i) is the first of the two that become
// row i of a tile.
template <class RowOfPair>
void pack_right(const Rows& from, std::int64_t steps, const RowOfPair& row_of_pair,
                std::uint16_t last, std::byte* to) {
  const auto load = [&](std::int64_t row, std::int64_t first) {
    if (row >= from.count) return _mm512_setzero_si512();
    const std::int64_t left = from.size - first;
    const auto mask = static_cast<__mmask16>(first_lanes(left));
    __m256i values = _mm256_maskz_loadu_epi16(mask, from.data + row * from.step + first);
    if (left < kSide) {
      const auto end = static_cast<__mmask16>(1U << left);
      values = _mm256_mask_set1_epi16(values, end, static_cast<short>(last));
    }
    return _mm512_maskz_cvtepu16_epi32(0xFFFF, values);
  };
  const std::int64_t columns = divide_up(from.size + 1, kSide);
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::int64_t pair = 0; pair < kSide; ++pair) {
      const std::int64_t row = step * kDepth + row_of_pair(pair);
      std::byte* const first = to + step * columns * kTileBytes + pair * kRowBytes;
      for (std::int64_t column = 0; column < columns; ++column) {
        const __m512i even = load(row, column * kSide);
        const __m512i odd = load(row + 1, column * kSide);
        const __m512i pairs = _mm512_or_si512(even, _mm512_maskz_slli_epi32(0xFFFF, odd, 16));
        _mm512_store_si512(first + column * kTileBytes, pairs);
      }
    }
  }
}

}  // namespace sagitta::cpu::amx
