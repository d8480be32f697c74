// Attention with AMX: both products multiply tiles of bf16 and sum in f32; logits, softmax and sums
// are f32 (AVX-512). Only the weights are rounded, to bf16, for the product with v.
//
// A block is 32 queries. Tile by tile of 256 keys it runs
//
//   s (32, 256)  = q (32, d) k^T            left tiles of q, right tiles of k: 2 x 2 sums
//   p (32, 256)  = 2^(s * scale - max)      row by row; p takes the place of s, rounded
//   out (32, d) += p v                      left tiles are rows of p as they lie, 2 x 2 sums
//
// with the head size d filled up by zeros to whole tiles. Each tile of keys is packed once for all
// blocks of a task.
//
// Tiles and vectors are multiplied by different units of a core, which can work side by side; but
// the softmax of a block is far longer than what the processor looks ahead. So the blocks of a task
// form a pipeline: between the rows of one block's softmax lie pieces of the first product of the
// block after it and of the second product of the block before it.
//
// A row of s begins 64 bytes after a multiple of 1 KiB, so that the rows of a
// tile do not meet in the same few sets of the first cache.
#include "sagitta/backend/cpu/attention_amx_tiles.h"
#include "sagitta/backend/cpu/attention_avx512_base.h"
#include "sagitta/backend/cpu/attention_pack.h"
#include "sagitta/backend/cpu/attention_path.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

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
constexpr std::int64_t kPipeline = 3;    // blocks whose logits or weights are alive at a time
constexpr std::int64_t kPieceSteps = 4;  // of the second product

// 2^x for x <= 0 or so, by the cubic of the least relative error, 7.5e-5: a twentieth of what the
// rounding to bf16 does.
__m512 short_exp2(__m512 x) {
  const __m512 f = Amx::fraction(x);
  __m512 p = Amx::set(0.0780245215F);
  p = Amx::fma(p, f, Amx::set(0.226067156F));
  p = Amx::fma(p, f, Amx::set(0.695833564F));
  p = Amx::fma(p, f, Amx::set(0.999925196F));
  return Amx::times_power(p, x);
}

// The largest of each of 16 vectors.
__m512 largest_of_each(__m512 (&rows)[kSide]) {
  transpose_square<Amx>(rows);
  for (int half = kSide / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) rows[i] = Amx::max(rows[i], rows[i + half]);
  }
  return rows[0];
}

float sum_of(__m512 x) {
  alignas(64) float lanes[kSide];
  _mm512_store_ps(lanes, x);
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

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
    std::byte* s;        // (32, kLogitsRow): logits, then weights
    std::byte* out;      // f32 tiles (2, columns)
    float* max;          // (32): the largest logit until now, not scaled
    float* sum;          // (32, 16): of 2^((logit - max) * scale), a sum for every 16th key
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
        columns_(amx::tiles(problem.head_size, kSide)),
        row_step_(problem.heads * problem.head_size),
        scratch_(scratch) {
    // A masked logit is -infinity, which must not meet a scale of zero.
    const float magnitude = problem.scale < 0 ? -problem.scale : problem.scale;
    scale_ = (magnitude < 1e-30F ? 1e-30F : magnitude) * 1.44269504F;
    k_ = take(amx::tiles(keys, kKeys) * kKeys / kSide * steps_ * kTileBytes);
    v_ = take(kKeys / kDepth * columns_ * kTileBytes);
    s_ = take(kPipeline * kBlockRows * kLogitsRowBytes);
    q_ = take(blocks * 2 * steps_ * kTileBytes);
    out_ = take(blocks * 2 * columns_ * kTileBytes);
    state_ = take(blocks * kBlockRows * (1 + kSide) * 4);
    totals_ = take(amx::tiles(keys, kKeys) * kKeys * 4);
  }

  std::byte* take(std::int64_t bytes) {
    std::byte* const block = scratch_ == nullptr ? nullptr : scratch_ + used_;
    used_ += static_cast<std::size_t>(bytes);  // all are multiples of kAttentionAlignment
    return block;
  }

  [[nodiscard]] Block block_at(std::int64_t index, std::int64_t slot) const {
    auto* const state = reinterpret_cast<float*>(state_) + slot * kBlockRows * (1 + kSide);
    return {.q = q_ + slot * 2 * steps_ * kTileBytes,
            .s = s_ + slot % kPipeline * kBlockRows * kLogitsRowBytes,
            .out = out_ + slot * 2 * columns_ * kTileBytes,
            .max = state,
            .sum = state + kBlockRows,
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

  [[nodiscard]] bool sees(const Block& block, std::int64_t first_key) const {
    return !problem_.causal || first_key < block.first + kBlockRows;
  }

  [[nodiscard]] static float* logits_row(const Block& block, std::int64_t row) {
    return reinterpret_cast<float*>(block.s) + row * kLogitsRow;
  }

  // s = q k^T for the 32 keys of one step of the tile.
  void find_logits_of(const Block& block, const KeyTile& tile, std::int64_t step) const {
    const std::int64_t tile_step = steps_ * kTileBytes;
    const std::byte* const k = tile.k + 2 * step * tile_step;
    std::byte* const c = block.s + step * kDepth * 4;
    std::byte* const below = c + kSide * kLogitsRowBytes;
    amx::multiply<2>({.left = {block.q, block.q + tile_step},
                      .left_row = amx::kRowBytes,
                      .left_step = kTileBytes,
                      .right = {k, k + tile_step},
                      .right_step = kTileBytes,
                      .c = {{c, c + kSide * 4}, {below, below + kSide * 4}},
                      .c_row = kLogitsRowBytes,
                      .steps = steps_,
                      .add = false});
  }

  void find_logits(const Block& block, const KeyTile& tile) const {
    for (std::int64_t step = 0; step < tile.steps(); ++step) find_logits_of(block, tile, step);
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

  // Raises block.max by the logits; what was summed until now is scaled down to it.
  void raise_max(const Block& block, std::int64_t width) const {
    for (std::int64_t half = 0; half < kBlockRows; half += kSide) {
      __m512 largest[kSide];
      for (std::int64_t i = 0; i < kSide; ++i) {
        const float* s = logits_row(block, half + i);
        __m512 even = _mm512_loadu_ps(s);
        __m512 odd = _mm512_loadu_ps(s + kSide);
        for (std::int64_t key = kDepth; key < width; key += kDepth) {
          even = Amx::max(even, _mm512_loadu_ps(s + key));
          odd = Amx::max(odd, _mm512_loadu_ps(s + key + kSide));
        }
        largest[i] = Amx::max(even, odd);
      }
      const __m512 before = _mm512_loadu_ps(block.max + half);
      const __m512 now = Amx::max(before, largest_of_each(largest));
      _mm512_storeu_ps(block.max + half, now);
      const __mmask16 grown = _mm512_cmp_ps_mask(now, before, _CMP_GT_OQ);
      if (grown == 0) continue;
      alignas(64) float decay[kSide];
      _mm512_store_ps(decay, exp2<Amx>((before - now) * Amx::set(scale_)));
      for (std::int64_t i = 0; i < kSide; ++i) {
        if ((grown >> i & 1) != 0) scale_row(block, half + i, Amx::set(decay[i]));
      }
    }
  }

  void scale_row(const Block& block, std::int64_t row, __m512 factor) const {
    float* const sum = block.sum + row * kSide;
    _mm512_storeu_ps(sum, _mm512_loadu_ps(sum) * factor);
    for (std::int64_t column = 0; column < columns_; ++column) {
      float* const at = out_row(block, row, column);
      _mm512_storeu_ps(at, _mm512_loadu_ps(at) * factor);
    }
  }

  [[nodiscard]] float* out_row(const Block& block, std::int64_t row, std::int64_t column) const {
    std::byte* const tile = block.out + (row / kSide * columns_ + column) * kTileBytes;
    return reinterpret_cast<float*>(tile) + row % kSide * kSide;
  }

  // Products that the neighbours of a block in the pipeline need, cut into pieces.
  struct Pending {
    const AttentionAmx& head;
    const KeyTile& tile;
    const Block* next = nullptr;      // wants its logits
    const Block* previous = nullptr;  // has its weights
    std::int64_t done = 0;

    [[nodiscard]] std::int64_t pieces() const {
      return (next == nullptr ? 0 : tile.steps()) +
             (previous == nullptr ? 0 : head.value_pieces(tile));
    }
    void advance_to(std::int64_t end) {
      const std::int64_t logits = next == nullptr ? 0 : tile.steps();
      for (; done < end; ++done) {
        if (done < logits) {
          head.find_logits_of(*next, tile, done);
        } else {
          head.add_values_of(*previous, tile, done - logits);
        }
      }
    }
  };

  // Turns the logits into rounded weights in the first half of their rows, and adds them up. Does
  // what is pending between the rows.
  void weigh(const Block& block, std::int64_t width, Pending pending) const {
    const __m512 scale = Amx::set(scale_);
    const std::int64_t pieces = pending.pieces();
    for (std::int64_t row = 0; row < kBlockRows; ++row) {
      pending.advance_to((row + 1) * pieces / kBlockRows);
      const __m512 shift = Amx::set(-block.max[row] * scale_);
      float* const s = logits_row(block, row);
      auto* const p = reinterpret_cast<std::uint16_t*>(s);
      __m512 even = _mm512_loadu_ps(block.sum + row * kSide);
      __m512 odd = _mm512_setzero_ps();
      for (std::int64_t key = 0; key < width; key += kDepth) {
        const __m512 first = short_exp2(Amx::fma(_mm512_loadu_ps(s + key), scale, shift));
        const __m512 second = short_exp2(Amx::fma(_mm512_loadu_ps(s + key + kSide), scale, shift));
        even = even + first;
        odd = odd + second;
        _mm512_storeu_si512(p + key, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first)));
      }
      _mm512_storeu_ps(block.sum + row * kSide, even + odd);
    }
  }

  [[nodiscard]] std::int64_t value_pieces(const KeyTile& tile) const {
    return amx::tiles(columns_, 2) * amx::tiles(tile.steps(), kPieceSteps);
  }

  // A piece of out += p v: two columns of tiles, and some of the keys.
  void add_values_of(const Block& block, const KeyTile& tile, std::int64_t piece) const {
    const std::int64_t pairs = amx::tiles(columns_, 2);
    const std::int64_t column = piece % pairs * 2;
    const std::int64_t step = piece / pairs * kPieceSteps;
    const std::int64_t left = tile.steps() - step;
    const std::byte* const p = block.s + step * amx::kRowBytes;
    const std::byte* const v = v_ + (step * columns_ + column) * kTileBytes;
    std::byte* const c = block.out + column * kTileBytes;
    std::byte* const below = c + columns_ * kTileBytes;
    const amx::Product product{.left = {p, p + kSide * kLogitsRowBytes},
                               .left_row = kLogitsRowBytes,
                               .left_step = amx::kRowBytes,
                               .right = {v, v + kTileBytes},
                               .right_step = columns_ * kTileBytes,
                               .c = {{c, c + kTileBytes}, {below, below + kTileBytes}},
                               .c_row = amx::kRowBytes,
                               .steps = left < kPieceSteps ? left : kPieceSteps,
                               .add = true};
    column + 1 < columns_ ? amx::multiply<2>(product) : amx::multiply<1>(product);
  }

  void attend() {
    const std::int64_t count = task_.end - task_.begin;
    for (std::int64_t slot = 0; slot < count; ++slot) {
      const Block block = block_at(task_.begin + slot, slot);
      pack_queries(block);
      auto* const out = reinterpret_cast<float*>(block.out);
      for (std::int64_t i = 0; i < 2 * columns_ * kTileBytes / 4; ++i) out[i] = 0;
      for (std::int64_t i = 0; i < kBlockRows; ++i) block.max[i] = -kUnbounded;
      for (std::int64_t i = 0; i < kBlockRows * kSide; ++i) block.sum[i] = 0;
    }
    for (std::int64_t first = 0; first < problem_.keys; first += kKeys) {
      if (!sees(block_at(task_.end - 1, 0), first)) break;
      const KeyTile tile = pack_keys(first, problem_.keys, k_);
      amx::pack_right(rows(problem_.v, problem_.keys, first, tile.keys), tile.steps(), v_);
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
      raise_max(block, tile.steps() * kDepth);
      weigh(block, tile.steps() * kDepth,
            {.head = *this,
             .tile = tile,
             .next = more ? &next : nullptr,
             .previous = slot > first ? &previous : nullptr});
      previous = block;
      block = next;
    }
    for (std::int64_t piece = 0; piece < value_pieces(tile); ++piece) {
      add_values_of(previous, tile, piece);
    }
  }

  // Divides by the sums and writes the rows of a block.
  void finish(const Block& block) const {
    const amx::Rows target = rows(problem_.out, problem_.queries, block.first, 0);
    for (std::int64_t row = 0; row < queries_of(block); ++row) {
      const float weight = 1.0F / sum_of(_mm512_loadu_ps(block.sum + row * kSide));
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
        const __m512 power = short_exp2(Amx::fma(s, scale, Amx::set(-max[row] * scale_)));
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
  float scale_;  // of the logits, times log2(e)
  std::byte* scratch_;
  std::size_t used_ = 0;
  std::byte* k_;       // right tiles (keys over 16, steps)
  std::byte* v_;       // right tiles (keys over 32, columns)
  std::byte* s_;       // per block in the pipeline
  std::byte* q_;       // per block
  std::byte* out_;     // per block
  std::byte* state_;   // per block: max, sum
  std::byte* totals_;  // (keys): what receive() adds up
};

// Linux saves the tiles of a process only after it has asked for that.
bool system_keeps_tiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool processor_has_tiles() {
  constexpr unsigned kBf16 = 1U << 22U;
  constexpr unsigned kTile = 1U << 24U;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return (d & kBf16) != 0 && (d & kTile) != 0;
}

bool usable() {
  static const bool found = Amx::usable() && __builtin_cpu_supports("avx512bf16") != 0 &&
                            processor_has_tiles() && system_keeps_tiles();
  return found;
}

}  // namespace

constexpr AttentionPath kAttentionAmx{.name = "amx bf16",
                                      .dtype = DType::bf16,
                                      .usable = usable,
                                      .block_rows = kBlockRows,
                                      .attend = AttentionAmx::attend,
                                      .attend_scratch = AttentionAmx::attend_scratch,
                                      .receive = AttentionAmx::receive,
                                      .receive_scratch = AttentionAmx::receive_scratch};

}  // namespace sagitta::cpu
