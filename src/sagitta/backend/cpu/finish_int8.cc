#include "sagitta/backend/cpu/finish_int8.h"

#include "sagitta/backend/cpu/finish.h"
#include "sagitta/backend/cpu/simd.h"

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  // elements: large against the cost of waking a thread
constexpr std::int64_t kChunk = 512;    // columns whose values stay in the first-level cache

// A part of a row: where it begins in the matrix, its first column and its length.
struct Part {
  std::int64_t at = 0;
  std::int64_t column = 0;
  std::int64_t count = 0;
  std::int64_t bias = 0;  // where its bias begins
  ByteScale scale;
};

[[gnu::always_inline]] inline void to_numbers(const Int8Sums& x, const Part& part,
                                              float* __restrict out) {
  const std::int32_t* const sums = x.sums + part.at;
  const float* const scales = static_cast<const float*>(x.weight->scales.data()) + part.column;
  const std::int32_t* const totals =
      static_cast<const std::int32_t*>(x.weight->totals.data()) + part.column;
  const std::int32_t zero = part.scale.zero;
  const float scale = part.scale.scale;
  for (std::int64_t i = 0; i < part.count; ++i) {
    out[i] = static_cast<float>(sums[i] - zero * totals[i]) * (scale * scales[i]);
  }
  if (x.bias == nullptr) return;
  const float* const bias = x.bias + part.bias;
  for (std::int64_t i = 0; i < part.count; ++i) out[i] += bias[i];
}

struct FinishPart {
  template <class T>
  [[gnu::always_inline]] static void run(const Int8Finish* finish, const Part* part, T* out) {
    float values[kChunk];
    to_numbers(finish->value, *part, values);
    Finish<T> rest{.activation = finish->activation, .out = out + part->at};
    float gates[kChunk];
    if (finish->gate.sums != nullptr) {
      to_numbers(finish->gate, *part, gates);
      rest.gates = gates;
    }
    if (finish->factor != nullptr) rest.factor = static_cast<const T*>(finish->factor) + part->at;
    if (finish->residual != nullptr) {
      rest.residual = static_cast<const T*>(finish->residual) + part->at;
    }
    finish_values(rest, values, part->count);
  }
};

template <class T>
void finish_of(const Int8Finish& finish) {
  auto* const out = static_cast<T*>(finish.out);
  const std::int64_t columns = finish.columns;
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / columns);
  parallel_ranges(finish.rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t set = row / finish.rows_per_scale;
      for (std::int64_t column = 0; column < columns; column += kChunk) {
        const Part part{.at = row * columns + column,
                        .column = column,
                        .count = std::min(kChunk, columns - column),
                        .bias = set * finish.bias_step + column,
                        .scale = finish.scales[set]};
        for_best_isa<FinishPart>(&finish, &part, out);
      }
    }
  });
}

}  // namespace

void finish_int8(const Int8Finish& finish) {
  if (finish.type == DType::bf16) {
    finish_of<Bf16>(finish);
  } else {
    finish_of<float>(finish);
  }
}

}  // namespace sagitta::cpu
