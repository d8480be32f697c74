// Winograd's F(2, 3) with AMX: two tiles of pairs by two tiles of weights.
#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/amx_tiles.h"
#include "sagitta/backend/cpu/winograd_stream.h"

namespace sagitta::cpu {
namespace {

struct Tiles {
  using Scope = amx::Configured;
  static constexpr std::int64_t kTiles = 2;
  static_assert(kWinogradDepth == amx::kDepth && kWinogradGroup == 2 * amx::kSide &&
                kWinogradTile == amx::kSide && kWinogradLineBytes == amx::kRowBytes);

  static void multiply(const WinogradLines<kTiles>& lines, const WinogradWeights& right,
                       const WinogradSums& sums) {
    amx::Left left{
        .data = lines.data[0], .below = lines.data[1] - lines.data[0], .row = kWinogradLineBytes};
    amx::Square::clear();
    const std::byte* block = right.data;
    for (std::int64_t i = 0; i < lines.depths; ++i) {
      for (std::int64_t tap = 0; tap < kWinogradTaps; ++tap) {
        const std::byte* const tiles = block + tap * right.tap;
        const std::byte* const pair[2] = {tiles, tiles + right.beside};
        amx::Square::multiply({left.data + tap * lines.tap, left.below, left.row}, pair, right.row);
      }
      left.data += lines.depth;
      block += right.depth;
    }
    amx::Square::store(
        {.data = sums.data, .below = sums.below, .beside = sums.beside, .row = kWinogradLineBytes});
  }
};

}  // namespace

constexpr WinogradPath kWinogradAmx = winograd_path<Tiles>("amx", amx_usable);

}  // namespace sagitta::cpu
