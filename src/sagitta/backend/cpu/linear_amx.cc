// Blocks of 32 rows and a panel of 32 columns: four tiles of sums. A gated layer has eight, so it
// takes two passes, of 16 columns and their gates each. What a block's sums become is computed
// between the steps of the next block, since tiles and vectors are multiplied by different units,
// and sums that were just stored would have to be waited for. Results are written by whole lines
// of the caches, and what the next block or the next row of blocks needs is fetched into the second
// cache meanwhile.
#include "sagitta/backend/cpu/linear_amx.h"

#include "sagitta/backend/cpu/amx_tiles.h"
#include "sagitta/backend/cpu/gelu_table.h"
#include "sagitta/backend/cpu/widen.h"

namespace sagitta::cpu {
namespace {

using amx::kSide;
using amx::kTileBytes;

static_assert(kPanelColumns == 2 * kSide && kLinearDepth == amx::kDepth &&
              kLinearRows == 2 * kSide);

constexpr std::int64_t kStepBytes = 2 * kTileBytes;  // of a panel
constexpr std::int64_t kPanelRow = 2 * amx::kRowBytes;

// Weights of up to this size are kept in the second cache while a task walks along its rows.
// Others are taken panel by panel, and it is the rows that are kept.
constexpr std::int64_t kKeptBytes = 1 << 20;
// Larger panels are not fetched ahead, which would push rows out of the cache.
constexpr std::int64_t kAheadBytes = 192 << 10;

// The sums of two tiles beside each other.
struct alignas(64) Sums {
  float first[kLinearRows][kSide];
  float second[kLinearRows][kSide];
};

__m512 load_or_zeros(const float* from, std::int64_t at) {
  return from == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(from + at);
}

void store(__m512 first, __m512 second, std::uint16_t* to) {
  _mm512_storeu_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first)));
}

// Lines of the caches that will be needed, fetched part by part.
class Ahead {
 public:
  Ahead() = default;
  // `rows` rows of `lines` lines, `step` bytes apart, in `parts` parts.
  Ahead(const void* data, std::int64_t rows, std::int64_t step, std::int64_t lines,
        std::int64_t parts)
      : next_(static_cast<const char*>(data)),
        skip_(step - lines * kLine),
        row_(lines),
        left_of_row_(lines),
        left_(rows * lines),
        part_(amx::divide_up(left_, parts)) {}

  [[gnu::always_inline]] void fetch_part() {
    constexpr int kSecondCache = 2;
    for (std::int64_t i = 0; i < part_ && left_ > 0; ++i, --left_) {
      __builtin_prefetch(next_, 0, kSecondCache);
      next_ += kLine;
      if (--left_of_row_ > 0) continue;
      left_of_row_ = row_;
      next_ += skip_;
    }
  }

 private:
  static constexpr std::int64_t kLine = 64;

  const char* next_ = nullptr;
  std::int64_t skip_ = 0;
  std::int64_t row_ = 0;
  std::int64_t left_of_row_ = 0;
  std::int64_t left_ = 0;
  std::int64_t part_ = 0;
};

// Right tiles of a step, whose next step is kStepBytes further.
struct Right {
  const std::byte* tiles[2];
};

class Linear {
 public:
  static constexpr int kPasses = 1;
  static constexpr int kMatrices = 1;

  explicit Linear(const LinearTask& task) : task_(task) {}

  [[nodiscard]] const std::uint16_t* residual() const { return task_.residual; }

  [[nodiscard]] const std::byte* panel(std::int64_t index, int /*matrix*/) const {
    return task_.weights + index * (task_.part.in / kLinearDepth) * kStepBytes;
  }

  [[nodiscard]] Right right(std::int64_t index, int /*pass*/) const {
    return {{panel(index, 0), panel(index, 0) + amx::kRowBytes}};
  }

  // Turns the sums of a block into rows of results.
  class Rows {
   public:
    Rows() = default;
    Rows(const Linear& linear, std::int64_t row, std::int64_t column)
        : at_(row * linear.task_.part.out + column),
          first_(load_or_zeros(linear.task_.bias, column)),
          second_(load_or_zeros(linear.task_.bias, column + kSide)) {}

    void finish(const Linear& linear, const Sums (&sums)[kPasses], std::int64_t row) {
      const LinearTask& task = linear.task_;
      __m512 first = _mm512_load_ps(sums[0].first[row]) + first_;
      __m512 second = _mm512_load_ps(sums[0].second[row]) + second_;
      if (task.residual != nullptr) {
        const auto* const added = reinterpret_cast<const __m256i*>(task.residual + at_);
        first += widen(_mm256_loadu_si256(added));
        second += widen(_mm256_loadu_si256(added + 1));
      }
      store(first, second, task.part.results + at_);
      at_ += task.part.out;
    }

   private:
    std::int64_t at_ = 0;
    __m512 first_ = _mm512_setzero_ps();
    __m512 second_ = _mm512_setzero_ps();
  };

 private:
  const LinearTask& task_;
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
  static constexpr int kPasses = 2;
  static constexpr int kMatrices = 2;

  explicit Geglu(const GegluTask& task) : task_(task), gelu_(*task.gelu) {}

  [[nodiscard]] const std::uint16_t* residual() const { return nullptr; }

  [[nodiscard]] const std::byte* panel(std::int64_t index, int matrix) const {
    return (matrix == 0 ? task_.value : task_.gate) +
           index * (task_.part.in / kLinearDepth) * kStepBytes;
  }

  [[nodiscard]] Right right(std::int64_t index, int pass) const {
    const std::int64_t first = pass * amx::kRowBytes;
    return {{panel(index, 0) + first, panel(index, 1) + first}};
  }

  class Rows {
   public:
    Rows() = default;
    Rows(const Geglu& geglu, std::int64_t row, std::int64_t column)
        : to_(geglu.task_.part.results + row * geglu.task_.part.out + column) {
      for (int pass = 0; pass < kPasses; ++pass) {
        value_bias_[pass] = load_or_zeros(geglu.task_.value_bias, column + pass * kSide);
        gate_bias_[pass] = load_or_zeros(geglu.task_.gate_bias, column + pass * kSide);
      }
    }

    void finish(const Geglu& geglu, const Sums (&sums)[kPasses], std::int64_t row) {
      const Gelu gelu = geglu.gelu_;  // else loaded again for each row
      __m512 results[kPasses];
      for (int pass = 0; pass < kPasses; ++pass) {
        const __m512 value = _mm512_load_ps(sums[pass].first[row]) + value_bias_[pass];
        const __m512 gate = _mm512_load_ps(sums[pass].second[row]) + gate_bias_[pass];
        results[pass] = value * gelu(gate);
      }
      store(results[0], results[1], to_);
      to_ += geglu.task_.part.out;
    }

   private:
    std::uint16_t* to_ = nullptr;
    __m512 value_bias_[kPasses] = {};
    __m512 gate_bias_[kPasses] = {};
  };

 private:
  const GegluTask& task_;
  Gelu gelu_;
};

template <class Layer>
class Product {
 public:
  Product(const Layer& layer, const LinearPart& part, std::uint16_t* scratch)
      : layer_(layer),
        part_(part),
        steps_(part.in / kLinearDepth),
        rows_of_step_(amx::divide_up(kLinearRows, all_steps())),
        last_(scratch) {
    const std::int64_t whole = part.rows / kLinearRows * kLinearRows;
    if (whole < part.rows) copy_rows(whole);
  }

  void run() {
    const std::int64_t panels = part_.columns / kPanelColumns;
    if (panels * Layer::kMatrices * panel_bytes() <= kKeptBytes) {
      for (std::int64_t row = 0; row < part_.rows; row += kLinearRows) {
        for (std::int64_t panel = 0; panel < panels; ++panel) {
          ahead_[0] = rows_ahead(row + kLinearRows, panel, panels);
          panel + 1 < panels ? results_ahead(row, panel + 1) : results_ahead(row + kLinearRows, 0);
          multiply(row, panel);
        }
      }
    } else {
      for (std::int64_t panel = 0; panel < panels; ++panel) {
        for (std::int64_t row = 0; row < part_.rows; row += kLinearRows) {
          ahead_[0] = panel + 1 < panels ? panel_ahead(panel + 1, row, 0) : Ahead();
          ahead_[1] = panel + 1 < panels && Layer::kMatrices == 2 ? panel_ahead(panel + 1, row, 1)
                                                                  : Ahead();
          row + kLinearRows < part_.rows ? results_ahead(row + kLinearRows, panel)
                                         : results_ahead(0, panel + 1);
          multiply(row, panel);
        }
      }
    }
    finish_rows(kLinearRows);
  }

 private:
  // The sums of a block, which then is the one to be finished; the one before it is finished
  // meanwhile.
  void multiply(std::int64_t row, std::int64_t panel) {
    const bool whole = row + kLinearRows <= part_.rows;
    const std::uint16_t* const x = whole ? part_.x + row * part_.in : last_;
    Sums(&sums)[Layer::kPasses] = sums_[next_];
    for (int pass = 0; pass < Layer::kPasses; ++pass) {
      const Right right = layer_.right(panel, pass);
      amx::Square::clear();
      for (std::int64_t step = 0; step < steps_; ++step) {
        const std::byte* const tiles[2] = {right.tiles[0] + step * kStepBytes,
                                           right.tiles[1] + step * kStepBytes};
        amx::Square::multiply({.data = reinterpret_cast<const std::byte*>(x + step * kLinearDepth),
                               .below = kSide * part_.in * 2,
                               .row = part_.in * 2},
                              tiles, kPanelRow);
        finish_rows(rows_of_step_);
        for (Ahead& ahead : ahead_) ahead.fetch_part();
      }
      amx::Square::store({.data = reinterpret_cast<std::byte*>(sums[pass].first),
                          .below = sizeof(sums[pass].first) / 2,
                          .beside = sizeof(sums[pass].first),
                          .row = sizeof(sums[pass].first[0])});
    }
    rows_ = typename Layer::Rows(layer_, row, panel * kPanelColumns);
    count_ = whole ? kLinearRows : part_.rows - row;
    done_ = 0;
    next_ = 1 - next_;
  }

  // Of a block.
  [[nodiscard]] std::int64_t all_steps() const { return Layer::kPasses * steps_; }

  [[nodiscard]] std::int64_t panel_bytes() const { return steps_ * kStepBytes; }

  [[nodiscard]] std::int64_t rows_from(std::int64_t row) const {
    const std::int64_t left = part_.rows - row;
    return left < kLinearRows ? left : kLinearRows;
  }

  // The share of `panel` in the rows of x from `row` on.
  [[nodiscard]] Ahead rows_ahead(std::int64_t row, std::int64_t panel, std::int64_t panels) const {
    const std::int64_t rows = rows_from(row);
    if (rows <= 0) return {};
    const std::int64_t first = panel * rows / panels;
    return {part_.x + (row + first) * part_.in, (panel + 1) * rows / panels - first, part_.in * 2,
            steps_, all_steps()};
  }

  // The share of the rows from `row` on in a panel of a matrix.
  [[nodiscard]] Ahead panel_ahead(std::int64_t panel, std::int64_t row, int matrix) const {
    if (panel_bytes() > kAheadBytes) return {};
    const std::int64_t lines = panel_bytes() / amx::kRowBytes;
    const std::int64_t first = row * lines / part_.rows;
    const std::int64_t last = (row + rows_from(row)) * lines / part_.rows;
    return {layer_.panel(panel, matrix) + first * amx::kRowBytes, 1, 0, last - first, all_steps()};
  }

  // Where a block's results will be written, and its residual.
  void results_ahead(std::int64_t row, std::int64_t panel) {
    ahead_[2] = ahead_[3] = Ahead();
    if (row >= part_.rows || panel * kPanelColumns >= part_.columns) return;
    const std::int64_t at = row * part_.out + panel * kPanelColumns;
    const std::int64_t rows = rows_from(row);
    ahead_[2] = Ahead(part_.results + at, rows, part_.out * 2, 1, all_steps());
    if (layer_.residual() == nullptr) return;
    ahead_[3] = Ahead(layer_.residual() + at, rows, part_.out * 2, 1, all_steps());
  }

  void finish_rows(std::int64_t count) {
    for (std::int64_t i = 0; i < count && done_ < count_; ++i, ++done_) {
      rows_.finish(layer_, sums_[1 - next_], done_);
    }
  }

  // The rows of the last block, with zeros in place of those that it lacks.
  void copy_rows(std::int64_t row) {
    const std::int64_t count = (part_.rows - row) * part_.in;
    for (std::int64_t i = 0; i < count; ++i) last_[i] = part_.x[row * part_.in + i];
    for (std::int64_t i = count; i < kLinearRows * part_.in; ++i) last_[i] = 0;
  }

  const Layer& layer_;
  const LinearPart& part_;
  std::int64_t steps_;  // of a pass
  std::int64_t rows_of_step_;
  std::uint16_t* last_;
  Sums sums_[2][Layer::kPasses];
  int next_ = 0;
  typename Layer::Rows rows_;
  std::int64_t count_ = 0;
  std::int64_t done_ = 0;
  Ahead ahead_[4];
};

}  // namespace

void linear_amx(const LinearTask& task, std::uint16_t* scratch) {
  const amx::Configured tiles;
  const Linear layer(task);
  Product(layer, task.part, scratch).run();
}

void geglu_amx(const GegluTask& task, std::uint16_t* scratch) {
  const amx::Configured tiles;
  const Geglu layer(task);
  Product(layer, task.part, scratch).run();
}

}  // namespace sagitta::cpu
