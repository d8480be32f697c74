// Winograd's F(2, 3) with AVX512_BF16, where vdpbf16ps adds products of pairs of bf16 to 16 floats.
#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/winograd_stream.h"

namespace sagitta::cpu {
namespace {

struct Dots {
  struct Scope {};
  static constexpr std::int64_t kTiles = 1;
  // Lines by two vectors of results: 16 sums, enough for two instructions a cycle, and 10 loads.
  static constexpr std::int64_t kLines = 8;
  static_assert(kWinogradTile % kLines == 0 && kWinogradGroup == 32);

  static void multiply(const WinogradLines<kTiles>& lines, const WinogradWeights& right,
                       const WinogradSums& sums) {
    for (std::int64_t line = 0; line < kWinogradTile; line += kLines) {
      multiply_lines(lines, line * kWinogradLineBytes, right, sums);
    }
  }

 private:
  static constexpr std::int64_t kPairs = kWinogradDepth / 2;
  static constexpr std::int64_t kPairBytes = 4;

  static __m512 dot(__m512i a, __m512i b, __m512 sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }

  // 16 times the pair of a line.
  static __m512i pair(const std::byte* from) {
    int word = 0;
    __builtin_memcpy(&word, from, sizeof(word));
    return _mm512_set1_epi32(word);
  }

  // kLines lines. first: bytes from the first line of the tile. A function of its own, so that its
  // few addresses stay in registers.
  [[gnu::noinline]] static void multiply_lines(const WinogradLines<kTiles>& lines,
                                               std::int64_t first, const WinogradWeights& right,
                                               const WinogradSums& sums) {
    __m512 sum[kLines][2];
    for (auto& line : sum) line[0] = line[1] = _mm512_setzero_ps();
    const std::byte* left = lines.data[0] + first;
    const std::byte* block = right.data;
    for (std::int64_t i = 0; i < lines.depths; ++i, left += lines.depth, block += right.depth) {
      for (std::int64_t tap = 0; tap < kWinogradTaps; ++tap) {
        const std::byte* a = left + tap * lines.tap;
        const std::byte* b = block + tap * right.tap;
        for (std::int64_t k = 0; k < kPairs; ++k, a += kPairBytes, b += right.row) {
          const __m512i low = _mm512_loadu_si512(b);
          const __m512i high = _mm512_loadu_si512(b + right.beside);
#pragma GCC unroll 8
          for (std::int64_t line = 0; line < kLines; ++line) {
            const __m512i x = pair(a + line * kWinogradLineBytes);
            sum[line][0] = dot(x, low, sum[line][0]);
            sum[line][1] = dot(x, high, sum[line][1]);
          }
        }
      }
    }
    std::byte* to = sums.data + first;
    for (const auto& line : sum) {
      _mm512_store_ps(to, line[0]);
      _mm512_store_ps(to + sums.beside, line[1]);
      to += kWinogradLineBytes;
    }
  }
};

}  // namespace

constexpr WinogradPath kWinogradDot = winograd_path<Dots>("avx512 bf16 dot", avx512_bf16_usable);

}  // namespace sagitta::cpu
