// Blocks of 32 rows and 16 columns: two tiles sum the values and two their gates, so that one load
// of a tile of x serves both. What a block's sums become is computed between the steps of the next
// block, since tiles and vectors are multiplied by different units, and sums that were just stored
// would have to be waited for.
#include "sagitta/backend/cpu/geglu_amx.h"

#include "sagitta/backend/cpu/amx_tiles.h"
#include "sagitta/backend/cpu/gelu_table.h"

namespace sagitta::cpu {
namespace {

using amx::kSide;
using amx::kTileBytes;

static_assert(kGegluColumns == kSide && kGegluDepth == amx::kDepth && kGegluRows == 2 * kSide);

struct BlockSums {
  alignas(64) float value[kGegluRows][kSide];
  alignas(64) float gate[kGegluRows][kSide];
};

// A block whose sums are there.
struct Block {
  const BlockSums* sums = nullptr;
  __m512 value_bias = _mm512_setzero_ps();
  __m512 gate_bias = _mm512_setzero_ps();
  std::uint16_t* out = nullptr;  // the first row that is not finished
  std::int64_t rows = 0;
  std::int64_t done = 0;
};

// GELU of 16 values, with the table in registers.
class Gelu {
 public:
  explicit Gelu(const GeluTable& table) {
    for (int i = 0; i < 3; ++i) {
      low_[i] = _mm512_load_ps(table.c[i]);
      high_[i] = _mm512_load_ps(table.c[i] + kSide);
    }
  }

  [[nodiscard]] __m512 operator()(__m512 x) const {
    const __m512 zero = _mm512_setzero_ps();
    // The second operand is the result where one is NaN.
    const __m512 t = _mm512_maskz_min_ps(0xFFFF, _mm512_set1_ps(GeluTable::kEnd), _mm512_abs_ps(x));
    const __m512i i = _mm512_castps_si512(_mm512_fmadd_ps(t, _mm512_set1_ps(1 / GeluTable::kStep),
                                                          _mm512_set1_ps(GeluTable::kRound)));
    const auto coefficient = [&](int k) { return _mm512_permutex2var_ps(low_[k], i, high_[k]); };
    const __m512 slope = _mm512_fmadd_ps(coefficient(2), t, coefficient(1));
    return _mm512_fmadd_ps(slope, t, coefficient(0) + _mm512_maskz_max_ps(0xFFFF, x, zero));
  }

 private:
  __m512 low_[3];
  __m512 high_[3];
};

class Geglu {
 public:
  Geglu(const GegluTask& task, std::uint16_t* scratch) : task_(task), gelu_(*task.gelu) {
    const std::int64_t whole = task.rows / kGegluRows * kGegluRows;
    if (whole < task.rows) copy_rows(whole, scratch);
  }

  void run() {
    for (std::int64_t column = 0; column < task_.columns; column += kSide) {
      for (std::int64_t row = 0; row < task_.rows; row += kGegluRows) multiply(row, column);
    }
    finish_rows(block_.rows);
  }

 private:
  // The sums of the block at (row, column), which then is the block to be finished; the one before
  // it is finished meanwhile.
  void multiply(std::int64_t row, std::int64_t column) {
    const bool whole = row + kGegluRows <= task_.rows;
    const std::uint16_t* const x = whole ? task_.x + row * task_.in : last_;
    const std::int64_t steps = task_.in / kGegluDepth;
    const std::int64_t first = column / kSide * steps * kTileBytes;
    amx::clear_sums<2>();
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::byte* const right[2] = {task_.value + first + step * kTileBytes,
                                         task_.gate + first + step * kTileBytes};
      amx::multiply<2>({.data = reinterpret_cast<const std::byte*>(x + step * kGegluDepth),
                        .below = kSide * task_.in * 2,
                        .row = task_.in * 2},
                       right);
      finish_rows((step + 1) * block_.rows / steps);
    }
    BlockSums& sums = sums_[next_];
    amx::store_sums<2>({.data = reinterpret_cast<std::byte*>(sums.value),
                        .below = sizeof(sums.value) / 2,
                        .beside = sizeof(sums.value),
                        .row = sizeof(sums.value[0])});
    next_ = 1 - next_;
    block_ = {.sums = &sums,
              .value_bias = bias(task_.value_bias, column),
              .gate_bias = bias(task_.gate_bias, column),
              .out = task_.out + row * task_.out_step + column,
              .rows = whole ? kGegluRows : task_.rows - row};
  }

  void finish_rows(std::int64_t end) {
    const Gelu gelu = gelu_;  // else loaded again for each row, since products stand between
    for (; block_.done < end; ++block_.done) {
      const __m512 gate = _mm512_load_ps(block_.sums->gate[block_.done]) + block_.gate_bias;
      const __m512 value = _mm512_load_ps(block_.sums->value[block_.done]) + block_.value_bias;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(block_.out),
                          reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(value * gelu(gate))));
      block_.out += task_.out_step;
    }
  }

  static __m512 bias(const float* bias, std::int64_t column) {
    return bias == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(bias + column);
  }

  // The rows of the last block, with zeros in place of those that it lacks.
  void copy_rows(std::int64_t row, std::uint16_t* scratch) {
    const std::int64_t count = (task_.rows - row) * task_.in;
    for (std::int64_t i = 0; i < count; ++i) scratch[i] = task_.x[row * task_.in + i];
    for (std::int64_t i = count; i < kGegluRows * task_.in; ++i) scratch[i] = 0;
    last_ = scratch;
  }

  const GegluTask& task_;
  Gelu gelu_;
  const std::uint16_t* last_ = nullptr;
  BlockSums sums_[2];
  int next_ = 0;
  Block block_;
};

}  // namespace

void geglu_amx(const GegluTask& task, std::uint16_t* scratch) {
  const amx::Configured tiles;
  Geglu(task, scratch).run();
}

}  // namespace sagitta::cpu
