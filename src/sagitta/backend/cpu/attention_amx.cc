// Attention with AMX: both products multiply tiles of bf16 and sum in f32. Only the weights are
// rounded, to bf16.
//
// A block is 32 queries, and a unit 32 queries and 32 keys. It becomes
//
//   s (32, 32)      = q (32, d) k^T         left tiles of q, right tiles of k
//   p (32, 32)      = 2^(s * scale - max)   see attention_bf16_weights.h
//   out (32, d + 1) += p v                  left tiles of p, right tiles of v
//
// with the head size d filled up by zeros to whole tiles. Column d of v is ones: it adds up the
// weights as they were rounded. The last product is done for several units at once, a strip of p,
// so that the sums of out are loaded and stored less often.
//
// A block walks along the keys, so what is written often, s and p, stays in the first cache; only
// k and v come from the second one. Keys are packed in groups that fit there, once for all blocks
// of a task.
//
// `max` need not be the largest logit, since weights of more than 1 are as exact as others: it is
// the largest of the row's first unit, and is raised only where a weight exceeds 2^kHeadroom.
//
// Tiles and vectors are multiplied by different units of a core, which can work side by side if
// their instructions alternate. So between the rows of one unit's softmax lie steps of products:
// of the logits of the unit after it, and of values of the strip before it. Both keep their sums
// in tiles, each in two of its own.
#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/amx_tiles.h"
#include "sagitta/backend/cpu/attention_amx_steps.h"
#include "sagitta/backend/cpu/attention_avx512_base.h"
#include "sagitta/backend/cpu/attention_bf16_weights.h"
#include "sagitta/backend/cpu/attention_pack.h"
#include "sagitta/backend/cpu/attention_path.h"

namespace sagitta::cpu {
namespace {

using amx::Beside;
using amx::kBlockRows;
using amx::kDepth;
using amx::kLogitsBytes;
using amx::kRowBytes;
using amx::kSide;
using amx::kStripBytes;
using amx::kStripUnits;
using amx::kTileBytes;
using amx::kUnitKeys;
using amx::kWeightsBytes;
using amx::Logits;
using amx::Values;

struct Amx : Avx512Base<Amx> {};

constexpr std::int64_t kGroupKeys = 1024;
constexpr std::int64_t kRowGroup = 4;   // rows of weights between steps of products
constexpr float kHeadroom = 40;         // weights reach 2^kHeadroom
constexpr std::uint16_t kOne = 0x3F80;  // as bf16

// The key of a step of 32 whose weight stands at place 2 * pair; the next one's follows it.
constexpr std::int64_t key_of_pair(std::int64_t pair) {
  return pair / 4 * 4 + pair % 4 / 2 * 16 + pair % 2 * 2;
}

class AttentionAmx {
 public:
  static void attend(const AttentionProblem& problem, const AttentionTask& task,
                     std::byte* scratch) {
    const amx::Configured tiles;
    AttentionAmx(problem, task, scratch, task.end - task.begin).attend();
  }

  static std::size_t attend_scratch(const AttentionProblem& problem, std::int64_t blocks) {
    return AttentionAmx(problem, {}, nullptr, blocks).used_;
  }

  static void receive(const AttentionProblem& problem, const AttentionTask& task,
                      std::byte* scratch, float* received) {
    const amx::Configured tiles;
    AttentionAmx(problem, task, scratch, 1).receive(received);
  }

  static std::size_t receive_scratch(const AttentionProblem& problem, std::int64_t /*keys*/) {
    return AttentionAmx(problem, {}, nullptr, 1).used_;
  }

 private:
  struct Block {
    std::byte* q;        // left tiles (2, steps)
    std::byte* out;      // f32 tiles (2, columns)
    float* shift;        // (32): kWeightOne - kSteps * scale * max
    std::int64_t first;  // index of the first query
  };

  // Packed keys, whole units of them.
  struct Group {
    std::int64_t first;
    std::int64_t keys;
  };

  // Lays the buffers out in scratch; null only counts their bytes.
  AttentionAmx(const AttentionProblem& problem, const AttentionTask& task, std::byte* scratch,
               std::int64_t blocks)
      : problem_(problem),
        task_(task),
        steps_(amx::divide_up(problem.head_size, kDepth)),
        columns_(amx::divide_up(problem.head_size + 1, kSide)),
        row_step_(problem.heads * problem.head_size),
        scratch_(scratch) {
    // A masked logit is -infinity, which must not meet a scale of zero.
    const float magnitude = problem.scale < 0 ? -problem.scale : problem.scale;
    scale_ = (magnitude < 1e-30F ? 1e-30F : magnitude) * 1.44269504F;
    const std::int64_t keys = problem.keys < kGroupKeys ? problem.keys : kGroupKeys;
    const std::int64_t units = amx::divide_up(keys, kUnitKeys);
    s_ = take(2 * kLogitsBytes);
    p_ = take(2 * kStripBytes);
    k_ = take(units * 2 * steps_ * kTileBytes);
    v_ = take(units * columns_ * kTileBytes);
    q_ = take(blocks * 2 * steps_ * kTileBytes);
    out_ = take(blocks * 2 * columns_ * kTileBytes);
    shift_ = take(blocks * kBlockRows * 4);
    totals_ = take(units * kUnitKeys * 4);
  }

  std::byte* take(std::int64_t bytes) {
    std::byte* const block = scratch_ == nullptr ? nullptr : scratch_ + used_;
    used_ += static_cast<std::size_t>(bytes);  // all are multiples of kAttentionAlignment
    return block;
  }

  [[nodiscard]] Block block_at(std::int64_t slot) const {
    return {.q = q_ + slot * 2 * steps_ * kTileBytes,
            .out = out_ + slot * 2 * columns_ * kTileBytes,
            .shift = reinterpret_cast<float*>(shift_) + slot * kBlockRows,
            .first = (task_.begin + slot) * kBlockRows};
  }

  // Rows [first, first + count) of this task's head in a tensor of `length` rows per sample.
  [[nodiscard]] amx::Rows rows(const void* tensor, std::int64_t length, std::int64_t first,
                               std::int64_t count) const {
    const std::int64_t row = task_.sample * length + first;
    return {.data = static_cast<const std::uint16_t*>(tensor) + row * row_step_ +
                    task_.head * problem_.head_size,
            .step = row_step_,
            .size = problem_.head_size,
            .count = count};
  }

  [[nodiscard]] std::int64_t queries_of(const Block& block) const {
    const std::int64_t left = problem_.queries - block.first;
    return left < kBlockRows ? left : kBlockRows;
  }

  // A negative scale is that of negative queries.
  void pack_queries(const Block& block) const {
    const __m512i flip = _mm512_set1_epi16(problem_.scale < 0 ? INT16_MIN : 0);
    amx::pack_left(rows(problem_.q, problem_.queries, block.first, queries_of(block)), 2, flip,
                   block.q);
  }

  // The group of keys that begins at `first` and ends at `last` or before.
  [[nodiscard]] Group pack_keys(std::int64_t first, std::int64_t last) const {
    const Group group{.first = first,
                      .keys = last - first < kGroupKeys ? last - first : kGroupKeys};
    amx::pack_transposed(rows(problem_.k, problem_.keys, first, group.keys),
                         amx::divide_up(group.keys, kUnitKeys) * 2, k_,
                         [](__m512(&square)[kSide]) { transpose_square<Amx>(square); });
    return group;
  }

  void pack_values(const Group& group) const {
    amx::pack_right(rows(problem_.v, problem_.keys, group.first, group.keys),
                    amx::divide_up(group.keys, kUnitKeys), key_of_pair, kOne, v_);
  }

  // Units of a group that a block sees.
  [[nodiscard]] std::int64_t units_of(const Block& block, const Group& group) const {
    const std::int64_t seen = block.first + kBlockRows - group.first;
    const std::int64_t keys = problem_.causal && seen < group.keys ? seen : group.keys;
    return keys <= 0 ? 0 : amx::divide_up(keys, kUnitKeys);
  }

  // unit: index within the group. s: 0 or 1.
  [[nodiscard]] Logits logits_of(const Block& block, std::int64_t unit, std::int64_t s) const {
    return {.q = block.q,
            .k = k_ + unit * 2 * steps_ * kTileBytes,
            .s = s_ + s * kLogitsBytes,
            .steps = steps_,
            .left = 2 * steps_};
  }

  void find_logits(const Block& block, std::int64_t unit, std::int64_t s) const {
    for (Logits logits = logits_of(block, unit, s); logits.left > 0;) logits.advance();
  }

  [[nodiscard]] float* logits_row(std::int64_t s, std::int64_t row) const {
    return reinterpret_cast<float*>(s_ + s * kLogitsBytes) + row * kUnitKeys;
  }

  // -infinity for keys beyond the group and, if causal, for keys after the query.
  void mask_logits(const Block& block, const Group& group, std::int64_t unit,
                   std::int64_t s) const {
    const std::int64_t first = group.first + unit * kUnitKeys;
    const std::int64_t keys = group.first + group.keys - first;
    const bool partly = problem_.causal && first + kUnitKeys > block.first + 1;
    if (keys >= kUnitKeys && !partly) return;
    const __m512 none = Amx::set(-kUnbounded);
    for (std::int64_t row = 0; row < kBlockRows; ++row) {
      const std::int64_t seen = block.first + row + 1 - first;
      const std::int64_t left = partly && seen < keys ? seen : keys;
      const __mmask32 hidden = ~amx::first_lanes(left);
      float* const logits = logits_row(s, row);
      _mm512_mask_storeu_ps(logits, static_cast<__mmask16>(hidden & 0xFFFFU), none);
      _mm512_mask_storeu_ps(logits + kSide, static_cast<__mmask16>(hidden >> 16U), none);
    }
  }

  struct RowValues {
    alignas(64) float at[kBlockRows];
  };

  // NaN where there is one.
  [[nodiscard]] RowValues largest_logits(std::int64_t s) const {
    RowValues largest;
    for (std::int64_t first = 0; first < kBlockRows; first += kSide) {
      __m512 square[kSide];
      unsigned nan = 0;
      for (std::int64_t row = 0; row < kSide; ++row) {
        const float* const logits = logits_row(s, first + row);
        const __m512 low = _mm512_load_ps(logits);
        const __m512 high = _mm512_load_ps(logits + kSide);
        square[row] = Amx::max(low, high);
        if (_mm512_cmp_ps_mask(low, high, _CMP_UNORD_Q) != 0) nan |= 1U << row;
      }
      transpose_square<Amx>(square);
      for (std::int64_t half = kSide / 2; half > 0; half /= 2) {
        for (std::int64_t i = 0; i < half; ++i) square[i] = Amx::max(square[i], square[i + half]);
      }
      const __m512 spoiled = Amx::set(__builtin_nanf(""));
      _mm512_store_ps(largest.at + first,
                      _mm512_mask_mov_ps(square[0], static_cast<__mmask16>(nan), spoiled));
    }
    return largest;
  }

  // Of a block's first unit. Where it has no finite logit, others are taken relative to 0.
  void set_max(const Block& block, std::int64_t s) const {
    const RowValues largest = largest_logits(s);
    for (std::int64_t row = 0; row < kBlockRows; ++row) {
      const float max = largest.at[row] == -kUnbounded ? 0 : largest.at[row];
      block.shift[row] = bf16::kWeightOne - max * (bf16::kSteps * scale_);
    }
  }

  // Raises the max of rows with a weight beyond the limit by a whole number of doublings, so that
  // the weights and sums before it are scaled without rounding. A NaN among the logits of a row
  // becomes its max and spoils its sums. strip: its `before` units before this one.
  void raise_max(const Block& block, std::int64_t s, std::byte* strip, std::int64_t before) const {
    const RowValues largest = largest_logits(s);
    for (std::int64_t row = 0; row < kBlockRows; ++row) {
      const float steps = largest.at[row] * (bf16::kSteps * scale_) + block.shift[row];
      const float excess = (steps - bf16::kWeightOne) / bf16::kSteps;
      if (excess <= kHeadroom) continue;
      // Beyond 2^24 floats are whole.
      const float doublings =
          excess < 0x1p24F ? static_cast<float>(static_cast<int>(excess) + 1) : excess;
      block.shift[row] -= doublings * bf16::kSteps;
      const __m512 decay = exp2<Amx>(Amx::set(-doublings));
      for (std::int64_t column = 0; column < columns_; ++column) {
        float* const at = out_row(block, row, column);
        _mm512_store_ps(at, _mm512_load_ps(at) * decay);
      }
      const float fewer = doublings < 255 ? doublings * bf16::kSteps : INT16_MAX;
      for (std::int64_t unit = 0; unit < before; ++unit) {
        std::byte* const at = strip + unit * kWeightsBytes + row * kRowBytes;
        _mm512_store_si512(
            at, bf16::fewer_steps(_mm512_load_si512(at), static_cast<std::int16_t>(fewer)));
      }
    }
  }

  [[nodiscard]] float* out_row(const Block& block, std::int64_t row, std::int64_t column) const {
    std::byte* const tile = block.out + (row / kSide * columns_ + column) * kTileBytes;
    return reinterpret_cast<float*>(tile) + row % kSide * kSide;
  }

  // Turns the logits s into the weights p. Returns whether one exceeds the limit or is NaN, which
  // the integers of weights would not tell.
  bool weigh(const Block& block, std::int64_t s, std::byte* p, Beside& beside) const {
    const __m512 scale = Amx::set(bf16::kSteps * scale_);
    const float* logits = logits_row(s, 0);
    const std::int64_t steps = beside.steps();
    __m512 even = Amx::set(-kUnbounded);
    __m512 odd = even;
    unsigned nan = 0;
    for (std::int64_t row = 0; row < kBlockRows; row += kRowGroup) {
      beside.advance_until(steps - (row + kRowGroup) * steps / kBlockRows);
      for (std::int64_t i = 0; i < kRowGroup; ++i, logits += kUnitKeys, p += kRowBytes) {
        const __m512 shift = Amx::set(block.shift[row + i]);
        const __m512 first = Amx::fma(_mm512_load_ps(logits), scale, shift);
        const __m512 second = Amx::fma(_mm512_load_ps(logits + kSide), scale, shift);
        nan |= _mm512_cmp_ps_mask(first, second, _CMP_UNORD_Q);
        even = Amx::max(first, even);  // where the first is NaN, the second
        odd = Amx::max(second, odd);
        _mm512_store_si512(p, bf16::weights(first, second));
      }
    }
    const __m512 limit = Amx::set(bf16::kWeightOne + bf16::kSteps * kHeadroom);
    return nan != 0 || _mm512_cmp_ps_mask(Amx::max(even, odd), limit, _CMP_GT_OQ) != 0;
  }

  void attend() {
    const std::int64_t count = task_.end - task_.begin;
    for (std::int64_t slot = 0; slot < count; ++slot) {
      const Block block = block_at(slot);
      pack_queries(block);
      auto* const out = reinterpret_cast<float*>(block.out);
      for (std::int64_t i = 0; i < 2 * columns_ * kTileBytes / 4; ++i) out[i] = 0;
    }
    for (std::int64_t first = 0; first < problem_.keys; first += kGroupKeys) {
      if (units_of(block_at(count - 1), {.first = first, .keys = kGroupKeys}) == 0) break;
      const Group group = pack_keys(first, problem_.keys);
      pack_values(group);
      attend_group(group, count);
    }
    for (std::int64_t slot = 0; slot < count; ++slot) finish(block_at(slot));
  }

  // Walks all blocks along a group. The products of a block's last units are done beside the first
  // units of the block after it.
  void attend_group(const Group& group, std::int64_t count) const {
    std::int64_t slot = 0;
    while (units_of(block_at(slot), group) == 0) ++slot;  // later ones see more
    Block block = block_at(slot);
    std::int64_t s = 0;
    std::int64_t strip = 0;
    find_logits(block, 0, s);
    Values values;
    while (true) {
      const std::int64_t units = units_of(block, group);
      const bool more = slot + 1 < count;
      const Block next = more ? block_at(slot + 1) : Block{};
      if (group.first == 0) {
        mask_logits(block, group, 0, s);
        set_max(block, s);
      }
      for (std::int64_t first = 0; first < units; first += kStripUnits) {
        const std::int64_t length = units - first < kStripUnits ? units - first : kStripUnits;
        std::byte* const p = p_ + strip * kStripBytes;
        for (std::int64_t i = 0; i < length; ++i, s = 1 - s) {
          const std::int64_t unit = first + i;
          mask_logits(block, group, unit, s);
          Beside beside{.logits = {}, .values = values};
          if (unit + 1 < units) {
            beside.logits = logits_of(block, unit + 1, 1 - s);
          } else if (more) {
            beside.logits = logits_of(next, 0, 1 - s);
          }
          beside.values_kept = values.left - values.left / (length - i);
          if (weigh(block, s, p + i * kWeightsBytes, beside)) {
            values.finish();
            raise_max(block, s, p, i);
            Beside nothing{.logits = {}, .values = values};
            weigh(block, s, p + i * kWeightsBytes, nothing);
          }
        }
        values = {.p = p,
                  .v = v_ + first * columns_ * kTileBytes,
                  .out = block.out,
                  .units = length,
                  .columns = columns_,
                  .left = length * columns_};
        strip = 1 - strip;
      }
      if (!more) break;
      block = next;
      ++slot;
    }
    values.finish();
  }

  // Divides by the sums and writes the rows of a block.
  void finish(const Block& block) const {
    const amx::Rows target = rows(problem_.out, problem_.queries, block.first, 0);
    for (std::int64_t row = 0; row < queries_of(block); ++row) {
      const std::int64_t size = problem_.head_size;
      const float weight = 1.0F / out_row(block, row, size / kSide)[size % kSide];
      auto* const out = const_cast<std::uint16_t*>(target.data) + row * row_step_;
      for (std::int64_t column = 0; column < columns_; ++column) {
        const __m512 values = _mm512_load_ps(out_row(block, row, column)) * Amx::set(weight);
        const auto lanes =
            static_cast<__mmask16>(amx::first_lanes(problem_.head_size - column * kSide) & 0xFFFFU);
        _mm256_mask_storeu_epi16(out + column * kSide, lanes,
                                 reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
      }
      if (problem_.row_max == nullptr) continue;
      problem_.row_max[head_row(block.first + row)] = block.shift[row];
      problem_.row_weight[head_row(block.first + row)] = weight;
    }
  }

  [[nodiscard]] std::int64_t head_row(std::int64_t query) const {
    return (task_.sample * problem_.heads + task_.head) * problem_.queries + query;
  }

  void receive(float* received) {
    for (std::int64_t first = task_.begin; first < task_.end; first += kGroupKeys) {
      receive_group(pack_keys(first, task_.end), received + first - task_.begin);
    }
  }

  void receive_group(const Group& group, float* received) {
    auto* const totals = reinterpret_cast<float*>(totals_);
    for (std::int64_t key = 0; key < amx::divide_up(group.keys, kUnitKeys) * kUnitKeys; ++key) {
      totals[key] = 0;
    }
    Block block = block_at(0);
    for (block.first = 0; block.first < problem_.queries; block.first += kBlockRows) {
      const std::int64_t units = units_of(block, group);
      if (units == 0) continue;
      pack_queries(block);
      for (std::int64_t unit = 0; unit < units; ++unit) {
        find_logits(block, unit, 0);
        mask_logits(block, group, unit, 0);
        add_received(block, totals + unit * kUnitKeys);
      }
    }
    for (std::int64_t key = 0; key < group.keys; ++key) received[key] = totals[key];
  }

  // totals (key) += the attention of the block's queries to the unit's keys, of the same weights as
  // in attend().
  void add_received(const Block& block, float* totals) const {
    const __m512 scale = Amx::set(bf16::kSteps * scale_);
    const float* const shift = problem_.row_max + head_row(block.first);
    const float* const share = problem_.row_weight + head_row(block.first);
    const std::int64_t queries = queries_of(block);
    __m512 first = _mm512_load_ps(totals);
    __m512 second = _mm512_load_ps(totals + kSide);
    for (std::int64_t row = 0; row < queries; ++row) {
      const __m512 max = Amx::set(shift[row]);
      const float* const s = logits_row(0, row);
      const __m512i weights = bf16::weights(Amx::fma(_mm512_load_ps(s), scale, max),
                                            Amx::fma(_mm512_load_ps(s + kSide), scale, max));
      first = Amx::fma(bf16::first_of(weights), Amx::set(share[row]), first);
      second = Amx::fma(bf16::second_of(weights), Amx::set(share[row]), second);
    }
    _mm512_store_ps(totals, first);
    _mm512_store_ps(totals + kSide, second);
  }

  const AttentionProblem& problem_;
  AttentionTask task_;
  std::int64_t steps_;    // tiles along a head for the product with k
  std::int64_t columns_;  // tiles along a head for the product with v
  std::int64_t row_step_;
  float scale_;  // of the logits, times log2(e)
  std::byte* scratch_;
  std::size_t used_ = 0;
  std::byte* s_;       // of two units in turns
  std::byte* p_;       // of two strips in turns
  std::byte* k_;       // right tiles (keys over 16, steps)
  std::byte* v_;       // right tiles (keys over 32, columns)
  std::byte* q_;       // per block
  std::byte* out_;     // per block
  std::byte* shift_;   // per block
  std::byte* totals_;  // (keys): what receive() adds up
};

}  // namespace

constexpr AttentionPath kAttentionAmx{.name = "amx bf16",
                                      .dtype = DType::bf16,
                                      .usable = amx_usable,
                                      .block_rows = kBlockRows,
                                      .most_blocks = 128,
                                      .cache_bytes = 1280 << 10,
                                      .attend = AttentionAmx::attend,
                                      .attend_scratch = AttentionAmx::attend_scratch,
                                      .receive = AttentionAmx::receive,
                                      .receive_scratch = AttentionAmx::receive_scratch};

}  // namespace sagitta::cpu
