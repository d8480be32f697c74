// The arithmetic of one block of queries against one tile of keys.
//
// Lanes are queries. A block is V vectors of Isa::kLanes queries, and everything about it is kept
// transposed: q (d, query), logits s (key, query), output (d, query). So both products have the
// same shape, rows of scalars times a matrix whose rows are V vectors:
//
//   s(key, query)  = sum over d   of k(key, d) * q(d, query)
//   out(d, query) += sum over key of v(key, d) * p(key, query)
//
// k and v give broadcast scalars and need no transposing, the maximum and the sum over keys are
// lane-wise, and a head size wastes no lanes. multiply() keeps kRows x V vectors in registers:
// 8 x 3 sums + 3 of the matrix + 1 broadcast of the 32 that AVX-512 has.
//
// A word is the 32 bits that a broadcast copies: one float (kDepth 1), or kDepth 2 neighbouring
// bf16 along the summed axis. A word of p is made of kDepth rows of s, in the same memory.
//
// Isa, one struct per instruction set, is
//   Vec, Operand, Word   kLanes floats; kLanes words; one word
//   kLanes, kRows, kVectors, kDepth
//   set(float), load(address), store(address, Vec), iota(), fma(a, b, c), max(a, b): b if a is NaN
//   fraction(x) = x - floor(x), times_power(p, x) = p * 2^floor(x), 0 where that underflows
//   keep(key, query, s) = s where key <= query, else -infinity
//   words(address), broadcast(address), dot(a, b, sum), store(address, Operand)
//   weights(Vec[kDepth] s, max, sum) = words of 2^(s - max), also added to sum; only if kDepth is 2
// with Vec a vector type of the compiler, so that + - * work on it, and Operand the same if kDepth
// is 1.
#pragma once

#include <cstdint>

namespace sagitta::cpu {

// Keys of a tile: enough that its sums are loaded and stored seldom, few enough that it stays in
// the first cache beside a block of queries.
template <class Isa>
constexpr std::int64_t kTileKeys = 48 * Isa::kDepth;

constexpr float kUnbounded = __builtin_huge_valf();

// A block of queries, in the scratch of a thread. Rows are V * kLanes values.
template <class Isa>
struct QueryBlock {
  typename Isa::Word* q;  // (words of a head, query)
  float* out;             // (head size rounded up, query)
  float* max;             // (query): the largest logit until now
  float* sum;             // (query): of 2^(logit - max)
  std::int64_t first;     // index of the first query
  std::int64_t vectors;   // V
};

// A tile of packed keys and values, in the scratch of a thread.
template <class Isa>
struct KeyTile {
  const typename Isa::Word* k;  // (keys rounded up to kRows, k_stride)
  const typename Isa::Word* v;  // (keys rounded up to kDepth, over kDepth, v_stride)
  std::int64_t k_stride;
  std::int64_t v_stride;
  std::int64_t first;  // index of the first key
  std::int64_t keys;
};

// What is the same for all tiles of a call.
struct HeadShape {
  std::int64_t size;   // channels of a head
  std::int64_t words;  // words of a row of k
  float scale;         // of the logits, times log2(e)
  bool causal;
};

template <class Isa, int V>
struct Sums {
  typename Isa::Vec at[Isa::kRows][V];
};

// 2^x for x <= 0 or so: a polynomial for the fraction, of relative error 8.3e-8 and exact at 0.
template <class Isa>
[[gnu::always_inline]] inline typename Isa::Vec exp2(typename Isa::Vec x) {
  const typename Isa::Vec f = Isa::fraction(x);
  typename Isa::Vec p = Isa::set(1.86713005e-3F);
  p = Isa::fma(p, f, Isa::set(9.01703071e-3F));
  p = Isa::fma(p, f, Isa::set(5.57999127e-2F));
  p = Isa::fma(p, f, Isa::set(2.40164444e-1F));
  p = Isa::fma(p, f, Isa::set(6.93151295e-1F));
  p = Isa::fma(p, f, Isa::set(1.0F));
  return Isa::times_power(p, x);
}

// sums[i] += sum over t of the scalar a[i * a_row + t * a_step] times row t of b.
template <class Isa, int V>
[[gnu::always_inline]] inline void multiply(const typename Isa::Word* a, std::int64_t a_row,
                                            std::int64_t a_step, const typename Isa::Word* b,
                                            std::int64_t count, Sums<Isa, V>& sums) {
  for (std::int64_t t = 0; t < count; ++t) {
    typename Isa::Operand row[V];
    for (int j = 0; j < V; ++j) row[j] = Isa::words(b + (t * V + j) * Isa::kLanes);
    for (int i = 0; i < Isa::kRows; ++i) {
      const typename Isa::Operand scalar = Isa::broadcast(a + i * a_row + t * a_step);
      for (int j = 0; j < V; ++j) sums.at[i][j] = Isa::dot(scalar, row[j], sums.at[i][j]);
    }
  }
}

// -infinity for keys beyond the tile and, if causal, for keys after the query.
template <class Isa, int V>
[[gnu::always_inline]] inline void mask(const HeadShape& head, const QueryBlock<Isa>& block,
                                        const KeyTile<Isa>& tile, std::int64_t row,
                                        Sums<Isa, V>& s) {
  for (int j = 0; j < V; ++j) {
    const auto first = static_cast<float>(block.first + j * Isa::kLanes);
    const auto query = head.causal ? Isa::set(first) + Isa::iota() : Isa::set(0x1p60F);
    for (int i = 0; i < Isa::kRows; ++i) {
      const bool real = row + i < tile.keys;
      const auto key = Isa::set(real ? static_cast<float>(tile.first + row + i) : kUnbounded);
      s.at[i][j] = Isa::keep(key, query, s.at[i][j]);
    }
  }
}

// The logits of a tile, times log2(e), to s (key, query); raises max to their maximum.
template <class Isa, int V>
void logits(const HeadShape& head, const QueryBlock<Isa>& block, const KeyTile<Isa>& tile, float* s,
            typename Isa::Vec (&max)[V]) {
  const typename Isa::Vec scale = Isa::set(head.scale);
  for (std::int64_t row = 0; row < tile.keys; row += Isa::kRows) {
    Sums<Isa, V> sums{};
    multiply<Isa, V>(tile.k + row * tile.k_stride, tile.k_stride, 1, block.q, head.words, sums);
    for (int i = 0; i < Isa::kRows; ++i) {
      for (int j = 0; j < V; ++j) sums.at[i][j] = sums.at[i][j] * scale;
    }
    const std::int64_t last = row + Isa::kRows - 1;
    if (last >= tile.keys || (head.causal && tile.first + last > block.first)) {
      mask<Isa, V>(head, block, tile, row, sums);
    }
    for (int i = 0; i < Isa::kRows; ++i) {
      for (int j = 0; j < V; ++j) {
        max[j] = Isa::max(max[j], sums.at[i][j]);
        Isa::store(s + ((row + i) * V + j) * Isa::kLanes, sums.at[i][j]);
      }
    }
  }
}

// Turns s into p = 2^(s - max) in place, and adds it to sum.
template <class Isa, int V>
void weigh(std::int64_t keys, float* s, const typename Isa::Vec (&max)[V],
           typename Isa::Vec (&sum)[V]) {
  auto* p = reinterpret_cast<typename Isa::Word*>(s);
  for (std::int64_t row = 0; row < keys; row += Isa::kDepth) {
    for (int j = 0; j < V; ++j) {
      typename Isa::Vec logit[Isa::kDepth];
      for (int e = 0; e < Isa::kDepth; ++e) {
        logit[e] = Isa::load(s + ((row + e) * V + j) * Isa::kLanes);
      }
      typename Isa::Operand words;
      if constexpr (Isa::kDepth == 1) {
        words = exp2<Isa>(logit[0] - max[j]);
        sum[j] = sum[j] + words;
      } else {
        words = Isa::weights(logit, max[j], sum[j]);
      }
      Isa::store(p + (row / Isa::kDepth * V + j) * Isa::kLanes, words);
    }
  }
}

// out = out * decay + v^T p.
template <class Isa, int V>
void add_values(const HeadShape& head, const KeyTile<Isa>& tile, const typename Isa::Word* p,
                const typename Isa::Vec (&decay)[V], float* out) {
  const std::int64_t count = (tile.keys + Isa::kDepth - 1) / Isa::kDepth;
  for (std::int64_t d = 0; d < head.size; d += Isa::kRows) {
    float* to = out + d * V * Isa::kLanes;
    Sums<Isa, V> sums;
    for (int i = 0; i < Isa::kRows; ++i) {
      for (int j = 0; j < V; ++j) {
        sums.at[i][j] = Isa::load(to + (i * V + j) * Isa::kLanes) * decay[j];
      }
    }
    multiply<Isa, V>(tile.v + d, 1, tile.v_stride, p, count, sums);
    for (int i = 0; i < Isa::kRows; ++i) {
      for (int j = 0; j < V; ++j) Isa::store(to + (i * V + j) * Isa::kLanes, sums.at[i][j]);
    }
  }
}

// One step of the online softmax. s has room for the rows of a tile.
template <class Isa, int V>
void attend_tile(const HeadShape& head, const QueryBlock<Isa>& block, const KeyTile<Isa>& tile,
                 float* s) {
  typename Isa::Vec max[V];
  typename Isa::Vec sum[V];
  typename Isa::Vec decay[V];
  for (int j = 0; j < V; ++j) max[j] = Isa::load(block.max + j * Isa::kLanes);
  logits<Isa, V>(head, block, tile, s, max);
  for (int j = 0; j < V; ++j) {
    decay[j] = exp2<Isa>(Isa::load(block.max + j * Isa::kLanes) - max[j]);
    sum[j] = Isa::load(block.sum + j * Isa::kLanes) * decay[j];
    Isa::store(block.max + j * Isa::kLanes, max[j]);
  }
  weigh<Isa, V>(tile.keys, s, max, sum);
  for (int j = 0; j < V; ++j) Isa::store(block.sum + j * Isa::kLanes, sum[j]);
  add_values<Isa, V>(head, tile, reinterpret_cast<typename Isa::Word*>(s), decay, block.out);
}

// received (key, lane) += the final attention of the block's queries, from their maximum in
// block.max and their weight in block.sum.
template <class Isa, int V>
void receive_tile(const HeadShape& head, const QueryBlock<Isa>& block, const KeyTile<Isa>& tile,
                  float* s, float* received) {
  typename Isa::Vec max[V]{};
  logits<Isa, V>(head, block, tile, s, max);
  for (std::int64_t key = 0; key < tile.keys; ++key) {
    typename Isa::Vec total = Isa::load(received + key * Isa::kLanes);
    for (int j = 0; j < V; ++j) {
      const typename Isa::Vec above = Isa::load(block.max + j * Isa::kLanes);
      const typename Isa::Vec weight = Isa::load(block.sum + j * Isa::kLanes);
      const typename Isa::Vec s_j = Isa::load(s + (key * V + j) * Isa::kLanes);
      total = Isa::fma(exp2<Isa>(s_j - above), weight, total);
    }
    Isa::store(received + key * Isa::kLanes, total);
  }
}

}  // namespace sagitta::cpu
