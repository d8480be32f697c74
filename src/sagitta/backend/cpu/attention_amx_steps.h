// The products of attention with AMX as single steps, so that a softmax can stand between them.
// Both keep their sums in tiles of their own. Included by attention_amx.cc alone.
#pragma once

#include "sagitta/backend/cpu/amx_tiles.h"

namespace sagitta::cpu::amx {

// A block of queries, a unit of a block and keys, and a strip of units, see attention_amx.cc.
constexpr std::int64_t kBlockRows = 2 * kSide;
constexpr std::int64_t kUnitKeys = kDepth;
constexpr std::int64_t kStripUnits = 4;
constexpr std::int64_t kLogitsBytes = kBlockRows * kUnitKeys * 4;   // of a unit
constexpr std::int64_t kWeightsBytes = kBlockRows * kUnitKeys * 2;  // of a unit
constexpr std::int64_t kStripBytes = kStripUnits * kWeightsBytes;

using LogitSums = FirstColumn;
using ValueSums = SecondColumn;

// s = q k^T of a unit, step by step: 16 keys and 32 channels each.
struct Logits {
  const std::byte* q = nullptr;  // left tiles (2, steps)
  const std::byte* k = nullptr;  // right tiles (2, steps)
  std::byte* s = nullptr;
  std::int64_t steps = 0;  // along the channels
  std::int64_t left = 0;   // steps that are not done
  std::int64_t depth = 0;

  [[gnu::always_inline]] void advance() {
    if (depth == 0) LogitSums::clear();
    LogitSums::multiply(
        {.data = q + depth * kTileBytes, .below = steps * kTileBytes, .row = kRowBytes}, k);
    k += kTileBytes;
    --left;
    if (++depth < steps) return;
    LogitSums::store(s, kSide * kUnitKeys * 4, kUnitKeys * 4);
    s += kSide * 4;
    depth = 0;
  }
};

// out += p v of a strip, step by step: 32 keys and 16 channels each.
struct Values {
  const std::byte* p = nullptr;  // left tiles (units, 2)
  const std::byte* v = nullptr;  // right tiles (units, columns)
  std::byte* out = nullptr;      // tiles (2, columns)
  std::int64_t units = 0;
  std::int64_t columns = 0;
  std::int64_t left = 0;  // steps that are not done
  std::int64_t unit = 0;

  [[gnu::always_inline]] void advance() {
    const std::int64_t below = columns * kTileBytes;
    if (unit == 0) ValueSums::load(out, below, kRowBytes);
    ValueSums::multiply({.data = p + unit * kWeightsBytes, .below = kTileBytes, .row = kRowBytes},
                        v + unit * columns * kTileBytes);
    --left;
    if (++unit < units) return;
    ValueSums::store(out, below, kRowBytes);
    out += kTileBytes;
    v += kTileBytes;
    unit = 0;
  }

  void finish() {
    while (left > 0) advance();
  }
};

// Steps of products to be done beside a softmax.
struct Beside {
  Logits logits;
  Values& values;
  std::int64_t values_kept = 0;  // steps that are left for later

  [[nodiscard]] std::int64_t steps() const { return logits.left + values.left - values_kept; }
  void advance_until(std::int64_t left) {
    while (steps() > left) logits.left > 0 ? logits.advance() : values.advance();
  }
};

}  // namespace sagitta::cpu::amx
