// Walks the tiles of one head: what a path of attention_path.h runs. `attend` keeps a few blocks of
// queries in cache and streams keys and values past them once, packing each tile of keys for all of
// the blocks; `receive` keeps some keys and streams the queries past them.
#pragma once

#include "sagitta/backend/cpu/attention_pack.h"
#include "sagitta/backend/cpu/attention_path.h"
#include "sagitta/backend/cpu/attention_tile.h"

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

template <class Isa, class Element>
class AttentionStream {
 public:
  static void attend(const AttentionProblem& problem, const AttentionTask& task,
                     std::byte* scratch) {
    AttentionStream stream(problem, task, scratch, task.end - task.begin, kTile);
    stream.attend();
  }

  static std::size_t attend_scratch(const AttentionProblem& problem, std::int64_t blocks) {
    AttentionStream stream(problem, {}, nullptr, blocks, kTile);
    return stream.used_;
  }

  static void receive(const AttentionProblem& problem, const AttentionTask& task,
                      std::byte* scratch, float* received) {
    AttentionStream stream(problem, task, scratch, 1, task.end - task.begin);
    stream.receive(received);
  }

  static std::size_t receive_scratch(const AttentionProblem& problem, std::int64_t keys) {
    AttentionStream stream(problem, {}, nullptr, 1, keys);
    return stream.used_;
  }

 private:
  using Word = typename Isa::Word;
  using Vec = typename Isa::Vec;
  using Block = QueryBlock<Isa>;
  static constexpr std::int64_t kTile = kTileKeys<Isa>;
  static constexpr std::int64_t kLanes = Isa::kLanes;
  static constexpr std::int64_t kBlockRows = Isa::kVectors * kLanes;
  static_assert(kTile % Isa::kRows == 0 && kTile >= Isa::kDepth * kLanes);
  static_assert(kLanes % Isa::kRows == 0 || Isa::kRows % kLanes == 0);

  template <int V>
  struct Vectors {};

  // Lays the buffers out in scratch; null only counts their bytes.
  AttentionStream(const AttentionProblem& problem, const AttentionTask& task, std::byte* scratch,
                  std::int64_t blocks, std::int64_t keys)
      : problem_(problem),
        task_(task),
        head_{.size = problem.head_size,
              .words = (problem.head_size + Isa::kDepth - 1) / Isa::kDepth,
              .scale = problem.scale * 1.44269504F,
              .causal = problem.causal},
        row_step_(problem.heads * problem.head_size),
        k_stride_(round_up<Isa>(head_.words, kLanes)),
        v_stride_(round_up<Isa>(round_up<Isa>(head_.size, Isa::kRows), kLanes)),
        block_words_(k_stride_ * kBlockRows),
        block_floats_((v_stride_ + 2) * kBlockRows),
        scratch_(scratch) {
    k_ = take<Word>(round_up<Isa>(keys, kTile) * k_stride_);
    v_ = take<Word>(kTile / Isa::kDepth * v_stride_);
    s_ = take<float>(kTile * kBlockRows);
    block_q_ = take<Word>(blocks * block_words_);
    block_state_ = take<float>(blocks * block_floats_);
    totals_ = take<float>(keys * kLanes);
  }

  template <class T>
  T* take(std::int64_t count) {
    std::byte* block = scratch_ == nullptr ? nullptr : scratch_ + used_;
    used_ +=
        static_cast<std::size_t>(round_up<Isa>(count * static_cast<std::int64_t>(sizeof(T)),
                                               static_cast<std::int64_t>(kAttentionAlignment)));
    return reinterpret_cast<T*>(block);
  }

  // Calls run with the number of vectors as a constant.
  template <class Run>
  [[gnu::always_inline]] static void with_vectors(std::int64_t vectors, const Run& run) {
    if constexpr (Isa::kVectors > 2) {
      if (vectors == 3) return run(Vectors<3>{});
    }
    if (vectors == 2) return run(Vectors<2>{});
    return run(Vectors<1>{});
  }

  // The vectors of queries are spread evenly over the blocks.
  [[nodiscard]] std::int64_t blocks() const {
    return round_up<Isa>(problem_.queries, kBlockRows) / kBlockRows;
  }
  [[nodiscard]] std::int64_t first_vector(std::int64_t block) const {
    return round_up<Isa>(problem_.queries, kLanes) / kLanes * block / blocks();
  }

  // The block `index` of the head, in the place `slot` of scratch.
  [[nodiscard]] Block block_at(std::int64_t index, std::int64_t slot) const {
    const std::int64_t first = first_vector(index);
    float* state = block_state_ + slot * block_floats_;
    return {.q = block_q_ + slot * block_words_,
            .out = state,
            .max = state + v_stride_ * kBlockRows,
            .sum = state + (v_stride_ + 1) * kBlockRows,
            .first = first * kLanes,
            .vectors = first_vector(index + 1) - first};
  }

  [[nodiscard]] std::int64_t queries_from(std::int64_t first) const {
    const std::int64_t left = problem_.queries - first;
    return left < kLanes ? left : kLanes;
  }

  // Rows [first, first + count) of this task's head in a tensor of `length` rows per sample.
  [[nodiscard]] Rows<Element> rows(const void* tensor, std::int64_t length, std::int64_t first,
                                   std::int64_t count) const {
    const std::int64_t row = task_.sample * length + first;
    return {.data = static_cast<const Element*>(tensor) + row * row_step_ +
                    task_.head * problem_.head_size,
            .step = row_step_,
            .size = problem_.head_size,
            .count = count};
  }

  void pack_queries(const Block& block) {
    for (std::int64_t j = 0; j < block.vectors; ++j) {
      const std::int64_t first = block.first + j * kLanes;
      pack_rows<Isa>(rows(problem_.q, problem_.queries, first, queries_from(first)), kLanes,
                     k_stride_, staging());
      transpose<Isa>(staging(), k_stride_, kLanes, k_stride_, block.q + j * kLanes,
                     block.vectors * kLanes);
    }
  }

  // Queries wait here for their transposition; values are not packed then.
  [[nodiscard]] Word* staging() const { return v_; }

  // Packs keys [first, first + count) to `to`.
  void pack_keys(std::int64_t first, std::int64_t count, Word* to) {
    pack_rows<Isa>(rows(problem_.k, problem_.keys, first, count), round_up<Isa>(count, Isa::kRows),
                   k_stride_, to);
  }

  [[nodiscard]] KeyTile<Isa> tile_at(const Word* k, std::int64_t first, std::int64_t keys) const {
    return {.k = k,
            .v = v_,
            .k_stride = k_stride_,
            .v_stride = v_stride_,
            .first = first,
            .keys = keys};
  }

  [[nodiscard]] bool sees(const Block& block, std::int64_t first_key) const {
    return !head_.causal || first_key < block.first + block.vectors * kLanes;
  }

  void attend() {
    const std::int64_t count = task_.end - task_.begin;
    for (std::int64_t slot = 0; slot < count; ++slot) {
      const Block block = block_at(task_.begin + slot, slot);
      pack_queries(block);
      const std::int64_t lanes = block.vectors * kLanes;
      for (std::int64_t i = 0; i < v_stride_ * lanes; ++i) block.out[i] = 0;
      for (std::int64_t i = 0; i < lanes; ++i) block.max[i] = -kUnbounded;
      for (std::int64_t i = 0; i < lanes; ++i) block.sum[i] = 0;
    }
    for (std::int64_t first = 0; first < problem_.keys; first += kTile) {
      if (!sees(block_at(task_.end - 1, 0), first)) break;
      const std::int64_t left = problem_.keys - first;
      const std::int64_t keys = left < kTile ? left : kTile;
      pack_keys(first, keys, k_);
      pack_values<Isa>(rows(problem_.v, problem_.keys, first, keys), v_stride_, v_);
      const KeyTile<Isa> tile = tile_at(k_, first, keys);
      for (std::int64_t slot = 0; slot < count; ++slot) {
        const Block block = block_at(task_.begin + slot, slot);
        if (!sees(block, first)) continue;
        with_vectors(block.vectors, [&]<int V>(Vectors<V> /*vectors*/) {
          attend_tile<Isa, V>(head_, block, tile, s_);
        });
      }
    }
    for (std::int64_t slot = 0; slot < count; ++slot) finish(block_at(task_.begin + slot, slot));
  }

  // Divides by the sums and writes the rows of a block.
  void finish(const Block& block) {
    const std::int64_t lanes = block.vectors * kLanes;
    auto* rows_out = reinterpret_cast<float*>(staging());
    for (std::int64_t j = 0; j < block.vectors; ++j) {
      const std::int64_t first = block.first + j * kLanes;
      const Vec weight = Isa::set(1.0F) / Isa::load(block.sum + j * kLanes);
      Isa::store(block.sum + j * kLanes, weight);
      for (std::int64_t d = 0; d < head_.size; ++d) {
        float* at = block.out + d * lanes + j * kLanes;
        Isa::store(at, Isa::load(at) * weight);
      }
      transpose<Isa>(block.out + j * kLanes, lanes, v_stride_, kLanes, rows_out, v_stride_);
      const Rows<Element> target = rows(problem_.out, problem_.queries, first, 0);
      auto* out = const_cast<Element*>(target.data);
      for (std::int64_t i = 0; i < queries_from(first); ++i) {
        for (std::int64_t d = 0; d < head_.size; ++d) {
          from_float<Isa>(rows_out[i * v_stride_ + d], out[i * row_step_ + d]);
        }
      }
      if (problem_.row_max == nullptr) continue;
      for (std::int64_t i = 0; i < queries_from(first); ++i) {
        problem_.row_max[head_row(first + i)] = block.max[j * kLanes + i];
        problem_.row_weight[head_row(first + i)] = block.sum[j * kLanes + i];
      }
    }
  }

  [[nodiscard]] std::int64_t head_row(std::int64_t query) const {
    return (task_.sample * problem_.heads + task_.head) * problem_.queries + query;
  }

  void receive(float* received) {
    const std::int64_t keys = task_.end - task_.begin;
    for (std::int64_t first = 0; first < keys; first += kTile) {
      const std::int64_t count = keys - first < kTile ? keys - first : kTile;
      pack_keys(task_.begin + first, count, k_ + first * k_stride_);
    }
    for (std::int64_t i = 0; i < keys * kLanes; ++i) totals_[i] = 0;
    for (std::int64_t index = 0; index < blocks(); ++index) {
      const Block block = block_at(index, 0);
      if (!sees(block, task_.begin)) continue;
      pack_queries(block);
      load_normalisers(block);
      for (std::int64_t first = 0; first < keys; first += kTile) {
        if (!sees(block, task_.begin + first)) break;
        const std::int64_t count = keys - first < kTile ? keys - first : kTile;
        const KeyTile<Isa> tile = tile_at(k_ + first * k_stride_, task_.begin + first, count);
        with_vectors(block.vectors, [&]<int V>(Vectors<V> /*vectors*/) {
          receive_tile<Isa, V>(head_, block, tile, s_, totals_ + first * kLanes);
        });
      }
    }
    for (std::int64_t key = 0; key < keys; ++key) {
      float total = 0;
      for (std::int64_t lane = 0; lane < kLanes; ++lane) total += totals_[key * kLanes + lane];
      received[key] = total;
    }
  }

  // Weight 0 keeps the lanes beyond the last query out of the sums.
  void load_normalisers(const Block& block) {
    for (std::int64_t i = 0; i < block.vectors * kLanes; ++i) {
      const bool real = block.first + i < problem_.queries;
      block.max[i] = real ? problem_.row_max[head_row(block.first + i)] : 0;
      block.sum[i] = real ? problem_.row_weight[head_row(block.first + i)] : 0;
    }
  }

  const AttentionProblem& problem_;
  AttentionTask task_;
  HeadShape head_;
  std::int64_t row_step_;
  std::int64_t k_stride_;
  std::int64_t v_stride_;
  std::int64_t block_words_;
  std::int64_t block_floats_;
  std::byte* scratch_;
  std::size_t used_ = 0;
  Word* k_;             // (keys, k_stride)
  Word* v_;             // (kTile / kDepth, v_stride)
  float* s_;            // (kTile, kBlockRows): logits, then weights
  Word* block_q_;       // per block (k_stride, kBlockRows)
  float* block_state_;  // per block (v_stride + 2, kBlockRows): output, maximum, sum
  float* totals_;       // (keys, kLanes): what receive() adds up
};

template <class Isa, class Element>
constexpr AttentionPath attention_path(const char* name, DType dtype, bool (*usable)()) {
  using Stream = AttentionStream<Isa, Element>;
  return {.name = name,
          .dtype = dtype,
          .usable = usable,
          .block_rows = Isa::kVectors * Isa::kLanes,
          .most_blocks = 32,
          .cache_bytes = 512 << 10,
          .attend = Stream::attend,
          .attend_scratch = Stream::attend_scratch,
          .receive = Stream::receive,
          .receive_scratch = Stream::receive_scratch};
}

}  // namespace sagitta::cpu
