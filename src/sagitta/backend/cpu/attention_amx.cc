// Attention with AMX: both products multiply tiles of bf16 and sum in f32. Only the weights are
// rounded, to bf16.
//
// A block is 32 queries. Tile by tile of kKeys keys it runs
//
//   s (32, kKeys)   = q (32, d) k^T         left tiles of q, right tiles of k: 2 x 2 sums
//   p (32, kKeys)   = 2^(s * scale - max)   row by row, see attention_amx_weights.h
//   out (32, d + 1) += p v                  left tiles are rows of p as they lie, 2 x 2 sums
//
// with the head size d filled up by zeros to whole tiles. Column d of v is ones: it adds up the
// weights as they were rounded. Each tile of keys is packed once for all blocks of a task.
//
// `max` need not be the largest logit, since weights of more than 1 are as exact as others: it is
// the largest of the row's first tile, and is raised only where a weight exceeds 2^kHeadroom.
//
// Tiles and vectors are multiplied by different units of a core, which can work side by side; but
// the softmax of a block is far longer than what the processor looks ahead. So the blocks of a task
// form a pipeline: between the rows of one block's softmax lie steps of the first product of the
// block after it and of the second product of the block before it. Their sums stay in the tiles.
//
// A row of s begins 64 bytes after a multiple of 1 KiB, so that the rows of a
// tile do not meet in the same few sets of the first cache.
#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/amx_tiles.h"
#include "sagitta/backend/cpu/attention_amx_weights.h"
#include "sagitta/backend/cpu/attention_avx512_base.h"
#include "sagitta/backend/cpu/attention_pack.h"
#include "sagitta/backend/cpu/attention_path.h"

namespace sagitta::cpu {
namespace {

using amx::kDepth;
using amx::kSide;
using amx::kTileBytes;

struct Amx : Avx512Base<Amx> {};

constexpr std::int64_t kBlockRows = 2 * kSide;
constexpr std::int64_t kKeys = 256;
constexpr std::int64_t kLogitsRow = kKeys + kSide;  // floats
constexpr std::int64_t kLogitsRowBytes = kLogitsRow * 4;
constexpr std::int64_t kWeightsRow = kKeys + kDepth;  // bf16
constexpr std::int64_t kWeightsRowBytes = kWeightsRow * 2;
constexpr std::int64_t kRowGroup = 4;   // rows of weights between steps of products
constexpr float kHeadroom = 8;          // weights reach 2^kHeadroom
constexpr std::uint16_t kOne = 0x3F80;  // as bf16
constexpr std::uint16_t kNan = 0x7FC0;

class AttentionAmx {
 public:
  static void attend(const AttentionProblem& problem, const AttentionTask& task,
                     std::byte* scratch) {
    const amx::Configured tiles;
    AttentionAmx(problem, task, scratch, task.end - task.begin, kKeys).attend();
  }

  static std::size_t attend_scratch(const AttentionProblem& problem, std::int64_t blocks) {
    return AttentionAmx(problem, {}, nullptr, blocks, kKeys).used_;
  }

  static void receive(const AttentionProblem& problem, const AttentionTask& task,
                      std::byte* scratch, float* received) {
    const amx::Configured tiles;
    AttentionAmx(problem, task, scratch, 1, task.end - task.begin).receive(received);
  }

  static std::size_t receive_scratch(const AttentionProblem& problem, std::int64_t keys) {
    return AttentionAmx(problem, {}, nullptr, 1, keys).used_;
  }

 private:
  struct Block {
    std::byte* q;        // left tiles (2, steps)
    std::byte* s;        // (32, kLogitsRow): logits
    std::byte* p;        // (32, kWeightsRow): weights 2^((logit - max) * scale)
    std::byte* out;      // f32 tiles (2, columns)
    float* max;          // (32): what no logit exceeds by more than kHeadroom / scale, not scaled
    std::int64_t first;  // index of the first query
  };

  struct KeyTile {
    const std::byte* k;  // right tiles (keys over 16, steps)
    std::int64_t first;
    std::int64_t keys;
    [[nodiscard]] std::int64_t steps() const { return amx::tiles(keys, kDepth); }
  };

  // Lays the buffers out in scratch; null only counts their bytes.
  AttentionAmx(const AttentionProblem& problem, const AttentionTask& task, std::byte* scratch,
               std::int64_t blocks, std::int64_t keys)
      : problem_(problem),
        task_(task),
        steps_(amx::tiles(problem.head_size, kDepth)),
        columns_(amx::tiles(problem.head_size + 1, kSide)),
        row_step_(problem.heads * problem.head_size),
        scratch_(scratch) {
    // A masked logit is -infinity, which must not meet a scale of zero.
    const float magnitude = problem.scale < 0 ? -problem.scale : problem.scale;
    scale_ = (magnitude < 1e-30F ? 1e-30F : magnitude) * 1.44269504F;
    headroom_ = kHeadroom / scale_;
    k_ = take(amx::tiles(keys, kKeys) * kKeys / kSide * steps_ * kTileBytes);
    v_ = take(kKeys / kDepth * columns_ * kTileBytes);
    s_ = take(2 * kBlockRows * kLogitsRowBytes);
    p_ = take(2 * kBlockRows * kWeightsRowBytes);
    q_ = take(blocks * 2 * steps_ * kTileBytes);
    out_ = take(blocks * 2 * columns_ * kTileBytes);
    max_ = take(blocks * kBlockRows * 4);
    totals_ = take(amx::tiles(keys, kKeys) * kKeys * 4);
  }

  std::byte* take(std::int64_t bytes) {
    std::byte* const block = scratch_ == nullptr ? nullptr : scratch_ + used_;
    used_ += static_cast<std::size_t>(bytes);  // all are multiples of kAttentionAlignment
    return block;
  }

  [[nodiscard]] Block block_at(std::int64_t index, std::int64_t slot) const {
    return {.q = q_ + slot * 2 * steps_ * kTileBytes,
            .s = s_ + slot % 2 * kBlockRows * kLogitsRowBytes,
            .p = p_ + slot % 2 * kBlockRows * kWeightsRowBytes,
            .out = out_ + slot * 2 * columns_ * kTileBytes,
            .max = reinterpret_cast<float*>(max_) + slot * kBlockRows,
            .first = index * kBlockRows};
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

  [[nodiscard]] KeyTile pack_keys(std::int64_t first, std::int64_t last, std::byte* to) const {
    const KeyTile tile{
        .k = to, .first = first, .keys = last - first < kKeys ? last - first : kKeys};
    amx::pack_transposed(rows(problem_.k, problem_.keys, first, tile.keys),
                         tile.steps() * kDepth / kSide, to,
                         [](__m512(&square)[kSide]) { transpose_square<Amx>(square); });
    return tile;
  }

  // Weights are made of integers, so that a NaN among the keys would go unseen: it spoils their
  // sum.
  void pack_values(const KeyTile& tile) const {
    const amx::Rows keys = rows(problem_.k, problem_.keys, tile.first, tile.keys);
    amx::pack_right(
        rows(problem_.v, problem_.keys, tile.first, tile.keys), tile.steps(), amx::key_of_pair,
        [&](std::int64_t key) { return amx::has_nan(keys, key) ? kNan : kOne; }, v_);
  }

  [[nodiscard]] bool sees(const Block& block, std::int64_t first_key) const {
    return !problem_.causal || first_key < block.first + kBlockRows;
  }

  [[nodiscard]] static float* logits_row(const Block& block, std::int64_t row) {
    return reinterpret_cast<float*>(block.s) + row * kLogitsRow;
  }

  [[nodiscard]] std::int64_t logit_steps(const KeyTile& tile) const {
    return tile.steps() * steps_;
  }

  // One step of s = q k^T, of 32 keys and 32 channels, in order.
  void find_logits_step(const Block& block, const KeyTile& tile, std::int64_t step) const {
    const std::int64_t keys = step / steps_;  // times 32
    const std::int64_t depth = step % steps_;
    if (depth == 0) amx::clear_sums<2>();
    const std::byte* const k = tile.k + (2 * keys * steps_ + depth) * kTileBytes;
    amx::multiply<2>(
        {.data = block.q + depth * kTileBytes, .below = steps_ * kTileBytes, .row = amx::kRowBytes},
        {k, k + steps_ * kTileBytes});
    if (depth + 1 < steps_) return;
    amx::store_sums<2>({.data = block.s + keys * kDepth * 4,
                        .below = kSide * kLogitsRowBytes,
                        .beside = kSide * 4,
                        .row = kLogitsRowBytes});
  }

  void find_logits(const Block& block, const KeyTile& tile) const {
    for (std::int64_t step = 0; step < logit_steps(tile); ++step) {
      find_logits_step(block, tile, step);
    }
  }

  // -infinity for keys beyond the tile and, if causal, for keys after the query.
  void mask_logits(const Block& block, const KeyTile& tile) const {
    const std::int64_t width = tile.steps() * kDepth;
    const bool partly = problem_.causal && tile.first + tile.keys > block.first + 1;
    if (width == tile.keys && !partly) return;
    for (std::int64_t row = 0; row < kBlockRows; ++row) {
      const std::int64_t seen = block.first + row + 1 - tile.first;
      std::int64_t key = partly && seen < tile.keys ? (seen < 0 ? 0 : seen) : tile.keys;
      for (; key < width; ++key) logits_row(block, row)[key] = -kUnbounded;
    }
  }

  // Sets the row's max; what was summed until now is scaled to it.
  void raise_max(const Block& block, std::int64_t row, float max) const {
    const float before = block.max[row];
    block.max[row] = max;
    if (before == -kUnbounded) return;  // nothing has a weight yet
    const __m512 decay = exp2<Amx>(Amx::set((before - max) * scale_));
    for (std::int64_t column = 0; column < columns_; ++column) {
      float* const at = out_row(block, row, column);
      _mm512_storeu_ps(at, _mm512_loadu_ps(at) * decay);
    }
  }

  [[nodiscard]] static float largest_of(__m512 values) {
    alignas(64) float lanes[kSide];
    _mm512_store_ps(lanes, values);
    float largest = lanes[0];
    for (const float lane : lanes) largest = largest < lane ? lane : largest;
    return largest;
  }

  [[nodiscard]] static float largest_logit(const float* s, std::int64_t width) {
    __m512 even = _mm512_loadu_ps(s);
    __m512 odd = _mm512_loadu_ps(s + kSide);
    for (std::int64_t key = kDepth; key < width; key += kDepth) {
      even = Amx::max(even, _mm512_loadu_ps(s + key));
      odd = Amx::max(odd, _mm512_loadu_ps(s + key + kSide));
    }
    return largest_of(Amx::max(even, odd));
  }

  [[nodiscard]] float* out_row(const Block& block, std::int64_t row, std::int64_t column) const {
    std::byte* const tile = block.out + (row / kSide * columns_ + column) * kTileBytes;
    return reinterpret_cast<float*>(tile) + row % kSide * kSide;
  }

  // Steps of products that the neighbours of a block in the pipeline need.
  struct Pending {
    const AttentionAmx& head;
    const KeyTile& tile;
    const Block* next = nullptr;      // wants its logits
    const Block* previous = nullptr;  // has its weights
    std::int64_t done = 0;

    [[nodiscard]] std::int64_t logit_steps() const {
      return next == nullptr ? 0 : head.logit_steps(tile);
    }
    [[nodiscard]] std::int64_t steps() const {
      return logit_steps() + (previous == nullptr ? 0 : head.value_steps(tile));
    }
    void advance_to(std::int64_t end) {
      for (; done < end && done < logit_steps(); ++done) head.find_logits_step(*next, tile, done);
      for (; done < end; ++done) head.add_values_step(*previous, tile, done - logit_steps());
    }
  };

  // Turns the logits into weights. Does what is pending between the rows.
  void weigh(const Block& block, std::int64_t width, Pending pending) const {
    const std::int64_t steps = pending.steps();
    for (std::int64_t row = 0; row < kBlockRows; ++row) {
      if (row % kRowGroup == 0) pending.advance_to((row + kRowGroup) * steps / kBlockRows);
      if (block.max[row] == -kUnbounded) {
        raise_max(block, row, largest_logit(logits_row(block, row), width));
      }
      const __m512 largest = weigh_row(block, row, width);
      const __m512 limit = Amx::set(block.max[row] + headroom_);
      if (_mm512_cmp_ps_mask(largest, limit, _CMP_GT_OQ) == 0) continue;
      raise_max(block, row, largest_of(largest));
      weigh_row(block, row, width);
    }
  }

  // Returns the largest of every 16th logit.
  __m512 weigh_row(const Block& block, std::int64_t row, std::int64_t width) const {
    const __m512 scale = Amx::set(amx::kSteps * scale_);
    const __m512 shift = Amx::set(amx::kWeightOne - block.max[row] * (amx::kSteps * scale_));
    const float* const s = logits_row(block, row);
    std::byte* const p = block.p + row * kWeightsRowBytes;
    __m512 even = Amx::set(-kUnbounded);
    __m512 odd = even;
    for (std::int64_t key = 0; key < width; key += kDepth) {
      const __m512 first = _mm512_loadu_ps(s + key);
      const __m512 second = _mm512_loadu_ps(s + key + kSide);
      even = Amx::max(even, first);
      odd = Amx::max(odd, second);
      _mm512_store_si512(
          p + key * 2, amx::weights(Amx::fma(first, scale, shift), Amx::fma(second, scale, shift)));
    }
    return Amx::max(even, odd);
  }

  [[nodiscard]] std::int64_t value_steps(const KeyTile& tile) const {
    return amx::tiles(columns_, 2) * tile.steps();
  }

  // One step of out += p v, of 32 keys and one or two tiles of channels, in order.
  void add_values_step(const Block& block, const KeyTile& tile, std::int64_t step) const {
    const std::int64_t column = step / tile.steps() * 2;
    column + 1 < columns_ ? add_values<2>(block, tile, column, step % tile.steps())
                          : add_values<1>(block, tile, column, step % tile.steps());
  }

  template <int Columns>
  void add_values(const Block& block, const KeyTile& tile, std::int64_t column,
                  std::int64_t keys) const {
    const amx::Sums sums{.data = block.out + column * kTileBytes,
                         .below = columns_ * kTileBytes,
                         .beside = kTileBytes,
                         .row = amx::kRowBytes};
    if (keys == 0) amx::load_sums<Columns>(sums);
    const std::byte* right[Columns];
    for (std::int64_t i = 0; i < Columns; ++i) {
      right[i] = v_ + (keys * columns_ + column + i) * kTileBytes;
    }
    amx::multiply<Columns>({.data = block.p + keys * amx::kRowBytes,
                            .below = kSide * kWeightsRowBytes,
                            .row = kWeightsRowBytes},
                           right);
    if (keys + 1 == tile.steps()) amx::store_sums<Columns>(sums);
  }

  void attend() {
    const std::int64_t count = task_.end - task_.begin;
    for (std::int64_t slot = 0; slot < count; ++slot) {
      const Block block = block_at(task_.begin + slot, slot);
      pack_queries(block);
      auto* const out = reinterpret_cast<float*>(block.out);
      for (std::int64_t i = 0; i < 2 * columns_ * kTileBytes / 4; ++i) out[i] = 0;
      for (std::int64_t i = 0; i < kBlockRows; ++i) block.max[i] = -kUnbounded;
    }
    for (std::int64_t first = 0; first < problem_.keys; first += kKeys) {
      if (!sees(block_at(task_.end - 1, 0), first)) break;
      const KeyTile tile = pack_keys(first, problem_.keys, k_);
      pack_values(tile);
      std::int64_t slot = 0;
      while (!sees(block_at(task_.begin + slot, slot), first)) ++slot;  // later ones see more
      attend_tile(tile, slot, count);
    }
    for (std::int64_t slot = 0; slot < count; ++slot) finish(block_at(task_.begin + slot, slot));
  }

  // The pipeline over the blocks of slots [first, last) for one tile of keys.
  void attend_tile(const KeyTile& tile, std::int64_t first, std::int64_t last) const {
    Block previous{};
    Block block = block_at(task_.begin + first, first);
    find_logits(block, tile);
    for (std::int64_t slot = first; slot < last; ++slot) {
      const bool more = slot + 1 < last;
      const Block next = more ? block_at(task_.begin + slot + 1, slot + 1) : Block{};
      mask_logits(block, tile);
      weigh(block, tile.steps() * kDepth,
            {.head = *this,
             .tile = tile,
             .next = more ? &next : nullptr,
             .previous = slot > first ? &previous : nullptr});
      previous = block;
      block = next;
    }
    for (std::int64_t step = 0; step < value_steps(tile); ++step) {
      add_values_step(previous, tile, step);
    }
  }

  // Divides by the sums and writes the rows of a block.
  void finish(const Block& block) const {
    const amx::Rows target = rows(problem_.out, problem_.queries, block.first, 0);
    for (std::int64_t row = 0; row < queries_of(block); ++row) {
      const std::int64_t size = problem_.head_size;
      const float weight = 1.0F / out_row(block, row, size / kSide)[size % kSide];
      auto* const out = const_cast<std::uint16_t*>(target.data) + row * row_step_;
      for (std::int64_t column = 0; column < columns_; ++column) {
        const __m512 values = _mm512_loadu_ps(out_row(block, row, column)) * Amx::set(weight);
        const auto lanes =
            static_cast<__mmask16>(amx::first_lanes(problem_.head_size - column * kSide) & 0xFFFFU);
        _mm256_mask_storeu_epi16(out + column * kSide, lanes,
                                 reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
      }
      if (problem_.row_max == nullptr) continue;
      problem_.row_max[head_row(block.first + row)] = block.max[row];
      problem_.row_weight[head_row(block.first + row)] = weight;
    }
  }

  [[nodiscard]] std::int64_t head_row(std::int64_t query) const {
    return (task_.sample * problem_.heads + task_.head) * problem_.queries + query;
  }

  void receive(float* received) {
    const std::int64_t keys = task_.end - task_.begin;
    const std::int64_t tile_bytes = kKeys / kSide * steps_ * kTileBytes;
    auto* const totals = reinterpret_cast<float*>(totals_);
    for (std::int64_t first = 0; first < keys; first += kKeys) {
      static_cast<void>(pack_keys(task_.begin + first, task_.end, k_ + first / kKeys * tile_bytes));
    }
    for (std::int64_t i = 0; i < amx::tiles(keys, kKeys) * kKeys; ++i) totals[i] = 0;
    for (std::int64_t index = 0; index < amx::tiles(problem_.queries, kBlockRows); ++index) {
      const Block block = block_at(index, 0);
      if (!sees(block, task_.begin)) continue;
      pack_queries(block);
      for (std::int64_t first = 0; first < keys; first += kKeys) {
        const std::int64_t left = keys - first;
        const KeyTile tile{.k = k_ + first / kKeys * tile_bytes,
                           .first = task_.begin + first,
                           .keys = left < kKeys ? left : kKeys};
        if (!sees(block, tile.first)) break;
        find_logits(block, tile);
        mask_logits(block, tile);
        add_received(block, tile, totals + first);
      }
    }
    for (std::int64_t key = 0; key < keys; ++key) received[key] = totals[key];
  }

  // totals (key) += the final attention of the block's queries.
  void add_received(const Block& block, const KeyTile& tile, float* totals) const {
    const __m512 scale = Amx::set(scale_);
    const float* const max = problem_.row_max + head_row(block.first);
    const float* const weight = problem_.row_weight + head_row(block.first);
    const std::int64_t queries = queries_of(block);
    for (std::int64_t key = 0; key < tile.keys; key += kSide) {
      __m512 total = _mm512_loadu_ps(totals + key);
      for (std::int64_t row = 0; row < queries; ++row) {
        const __m512 s = _mm512_loadu_ps(logits_row(block, row) + key);
        const __m512 power = exp2<Amx>((s - Amx::set(max[row])) * scale);
        total = Amx::fma(power, Amx::set(weight[row]), total);
      }
      _mm512_storeu_ps(totals + key, total);
    }
  }

  const AttentionProblem& problem_;
  AttentionTask task_;
  std::int64_t steps_;    // tiles along a head for the product with k
  std::int64_t columns_;  // tiles along a head for the product with v
  std::int64_t row_step_;
  float scale_;     // of the logits, times log2(e)
  float headroom_;  // of the logits
  std::byte* scratch_;
  std::size_t used_ = 0;
  std::byte* k_;       // right tiles (keys over 16, steps)
  std::byte* v_;       // right tiles (keys over 32, columns)
  std::byte* s_;       // of two blocks in turns
  std::byte* p_;       // of two blocks in turns
  std::byte* q_;       // per block
  std::byte* out_;     // per block
  std::byte* max_;     // per block
  std::byte* totals_;  // (keys): what receive() adds up
};

}  // namespace

constexpr AttentionPath kAttentionAmx{.name = "amx bf16",
                                      .dtype = DType::bf16,
                                      .usable = amx_usable,
                                      .block_rows = kBlockRows,
                                      .attend = AttentionAmx::attend,
                                      .attend_scratch = AttentionAmx::attend_scratch,
                                      .receive = AttentionAmx::receive,
                                      .receive_scratch = AttentionAmx::receive_scratch};

}  // namespace sagitta::cpu
