#include "sagitta/backend/cpu/product_f32.h"

#include "sagitta/backend/cpu/finish.h"
#include "sagitta/backend/cpu/simd.h"

#include <omp.h>

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr const ProductPath* kPaths[] = {&kProductAvx512, &kProductAvx2, &kProductGeneric};

// A block of rows stays in the second cache (kRows x kDepth values), a block of a panel in the first.
constexpr std::int64_t kRows = 96;
constexpr std::int64_t kDepth = 384;
// Columns of a task: few enough that its sums stay in the second cache.
constexpr std::int64_t kColumns = 320;
// Fewer multiplications than this are not worth waking other threads for.
constexpr std::int64_t kParallelWork = 1 << 16;
constexpr std::int64_t kTasksPerThread = 4;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Cuts [0, count) into `parts` nearly equal pieces with borders at multiples of `unit`.
std::int64_t border(std::int64_t count, std::int64_t parts, std::int64_t unit, std::int64_t part) {
  return std::min(count, divide_up(count, unit) * part / parts * unit);
}

// The sums of one task, and what becomes of them.
struct TaskFinish {
  std::int64_t rows;
  std::int64_t columns;
  Rows<float> values;
  Rows<float> gates;  // data is null if there are none
  const float* bias;  // of the first column, or null
  const float* gate_bias;
  Finish<float> finish;        // of the first row
  std::int64_t step;           // between rows of its operands
};

[[gnu::always_inline]] inline void add(const float* bias, std::int64_t count, float* values) {
  if (bias == nullptr) return;
  for (std::int64_t i = 0; i < count; ++i) values[i] += bias[i];
}

struct FinishTask {
  [[gnu::always_inline]] static void run(const TaskFinish* task) {
    Finish<float> row = task->finish;
    for (std::int64_t i = 0; i < task->rows; ++i) {
      float* const values = task->values.data + i * task->values.step;
      add(task->bias, task->columns, values);
      if (task->gates.data != nullptr) {
        float* const gates = task->gates.data + i * task->gates.step;
        add(task->gate_bias, task->columns, gates);
        row.gates = gates;
      }
      finish_values(row, values, task->columns);
      if (row.factor != nullptr) row.factor += task->step;
      if (row.residual != nullptr) row.residual += task->step;
      row.out += task->step;
    }
  }
};

const float* floats(const void* data) { return static_cast<const float*>(data); }

// Moves a pointer that may be null.
const float* advance(const void* data, std::int64_t values) {
  return data == nullptr ? nullptr : floats(data) + values;
}

// One product, cut into tasks of some rows and some panels.
class Tasks {
 public:
  Tasks(Device& device, const PackedMatrix& value, const PackedMatrix* gate, const Product& product)
      : product_(product),
        value_(panels(device, value)),
        gate_(gate == nullptr ? Panels{} : panels(device, *gate)),
        in_(value.in),
        out_(value.out) {
    row_parts_ = divide_up(product.rows, kRows);
    const std::int64_t wanted = divide_up(kTasksPerThread * omp_get_max_threads(), row_parts_);
    const std::int64_t least = divide_up(value_.count * path_.columns, kColumns);
    column_parts_ = std::clamp(wanted, least, std::max(least, value_.count / 2));
  }

  [[nodiscard]] std::int64_t count() const { return row_parts_ * column_parts_; }
  [[nodiscard]] std::int64_t work() const { return product_.rows * in_ * out_; }
  // Values that run() needs for sums.
  [[nodiscard]] std::int64_t scratch() const {
    const std::int64_t rows = divide_up(divide_up(product_.rows, path_.rows), row_parts_);
    const std::int64_t panels = divide_up(value_.count, column_parts_);
    return rows * path_.rows * panels * path_.columns * (gate_.data == nullptr ? 1 : 2);
  }

  void run(std::int64_t task, float* scratch) const {
    const std::int64_t row = border(product_.rows, row_parts_, path_.rows, task / column_parts_);
    const std::int64_t rows =
        border(product_.rows, row_parts_, path_.rows, task / column_parts_ + 1) - row;
    const std::int64_t part = task % column_parts_;
    const std::int64_t panel = border(value_.count, column_parts_, 1, part);
    const std::int64_t panels = border(value_.count, column_parts_, 1, part + 1) - panel;
    const std::int64_t column = panel * path_.columns;
    const std::int64_t step = panels * path_.columns;
    const Rows<const float> a{floats(product_.x) + row * in_, in_};
    const Rows<float> values{scratch, step};
    const Rows<float> gates{gate_.data == nullptr ? nullptr : scratch + rows * step, step};
    multiply(a, rows, value_, panel, panels, values);
    if (gates.data != nullptr) multiply(a, rows, gate_, panel, panels, gates);

    const std::int64_t first = row * out_ + column;
    const TaskFinish finish{.rows = rows,
                            .columns = std::min(step, out_ - column),
                            .values = values,
                            .gates = gates,
                            .bias = advance(product_.bias, column),
                            .gate_bias = advance(product_.bias, out_ + column),
                            .finish = {.activation = product_.activation,
                                       .factor = advance(product_.factor, first),
                                       .residual = advance(product_.residual, first),
                                       .out = static_cast<float*>(product_.out) + first},
                            .step = out_};
    for_best_isa<FinishTask>(&finish);
  }

 private:
  Panels panels(Device& device, const PackedMatrix& matrix) const {
    return {floats(matrix.values.in(device, matrix.values.layout())), matrix.in * path_.columns,
            divide_up(matrix.out, path_.columns)};
  }

  void multiply(Rows<const float> a, std::int64_t rows, const Panels& weight, std::int64_t panel,
                std::int64_t panels, Rows<float> out) const {
    multiply_panels(path_, a, rows, {weight.data + panel * weight.step, weight.step, panels}, in_,
                    false, out);
  }

  const ProductPath& path_ = product_path();
  const Product& product_;
  Panels value_;
  Panels gate_;
  std::int64_t in_;
  std::int64_t out_;
  std::int64_t row_parts_ = 1;
  std::int64_t column_parts_ = 1;
};

}  // namespace

std::span<const ProductPath* const> product_paths() { return kPaths; }

const ProductPath& product_path() {
  static const ProductPath& best = **std::find_if(
      std::begin(kPaths), std::end(kPaths), [](const ProductPath* path) { return path->usable(); });
  return best;
}

void multiply_panels(const ProductPath& path, Rows<const float> a, std::int64_t rows,
                     const Panels& panels, std::int64_t depth, bool onto, Rows<float> out) {
  const std::int64_t parts = divide_up(depth, kDepth);
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t first = border(depth, parts, 1, part);
    const std::int64_t count = border(depth, parts, 1, part + 1) - first;
    for (std::int64_t panel = 0; panel < panels.count; ++panel) {
      path.multiply(a.at(0, first), rows,
                    panels.data + panel * panels.step + first * path.columns, count,
                    onto || part > 0, out.at(0, panel * path.columns));
    }
  }
}

void multiply_f32(Device& device, const PackedMatrix& value, const PackedMatrix* gate,
                  const Product& product) {
  if (product.rows == 0) return;
  const Tasks tasks(device, value, gate, product);
  const bool shared = tasks.work() >= kParallelWork;
  const int threads = shared ? static_cast<int>(std::min<std::int64_t>(
                                   tasks.count(), omp_get_max_threads()))
                             : 1;
  const std::int64_t room = tasks.scratch();
  const PoolBlock scratch(device, static_cast<std::size_t>(room * threads) * sizeof(float));
  auto* const sums = static_cast<float*>(scratch.data());
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (std::int64_t task = 0; task < tasks.count(); ++task) {
    tasks.run(task, sums + room * omp_get_thread_num());
  }
}

}  // namespace sagitta::cpu
