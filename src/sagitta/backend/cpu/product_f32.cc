#include "sagitta/backend/cpu/product_f32.h"

#include "sagitta/backend/cpu/finish.h"
#include "sagitta/backend/cpu/simd.h"

#include <omp.h>

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr const ProductPath* kPaths[] = {&kProductAvx512, &kProductAvx2, &kProductGeneric};

// Rows of a task: with product_depth() values each they stay in the second cache.
constexpr std::int64_t kRows = 96;
// Of a panel: stays in the first cache.
constexpr std::int64_t kPanelValues = 24 * 256;
// Columns of a task: few enough that its sums stay in the second cache.
constexpr std::int64_t kColumns = 320;
// Fewer multiplications than this are not worth waking other threads for.
constexpr std::int64_t kParallelWork = 1 << 16;
constexpr std::int64_t kTasksPerThread = 4;

// Cuts [0, count) into `parts` nearly equal pieces with borders at multiples of `unit`.
std::int64_t border(std::int64_t count, std::int64_t parts, std::int64_t unit, std::int64_t part) {
  return std::min(count, divide_up(count, unit) * part / parts * unit);
}

// The sums of one task, and what becomes of them.
struct TaskFinish {
  std::int64_t rows;
  std::int64_t columns;
  MatrixRows<float> values;
  MatrixRows<float> gates;  // data is null if there are none
  const float* bias;        // of the first column, or null
  const float* gate_bias;
  Finish<float> finish;  // of the first row
  std::int64_t step;     // between rows of its operands
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

// A product and what is done with its sums.
class Multiplication {
 public:
  Multiplication(const PackedMatrix& value, const PackedMatrix* gate, const Product& product)
      : product_(product),
        value_(panels(value)),
        gate_(gate == nullptr ? Panels{} : panels(*gate)),
        in_(value.in),
        out_(value.out) {}

  // scratch: room for the sums of the task, twice where there are gates.
  void run(const ProductTasks::Task& task, float* scratch) const {
    const std::int64_t column = task.panel * path_.columns;
    const std::int64_t step = task.panels * path_.columns;
    const MatrixRows<float> values{scratch, step};
    const MatrixRows<float> gates{gate_.data == nullptr ? nullptr : scratch + task.rows * step,
                                  step};
    multiply(task, value_, values);
    if (gates.data != nullptr) multiply(task, gate_, gates);

    const std::int64_t first = task.row * out_ + column;
    const TaskFinish finish{.rows = task.rows,
                            .columns = std::min(step, out_ - column),
                            .values = values,
                            .gates = gates,
                            .bias = advance<float>(product_.bias, column),
                            .gate_bias = advance<float>(product_.bias, out_ + column),
                            .finish = {.activation = product_.activation,
                                       .factor = advance<float>(product_.factor, first),
                                       .residual = advance<float>(product_.residual, first),
                                       .out = static_cast<float*>(product_.out) + first},
                            .step = out_};
    for_best_isa<FinishTask>(&finish);
  }

 private:
  [[nodiscard]] Panels panels(const PackedMatrix& matrix) const {
    return {panels_of(matrix.values), matrix.in * path_.columns,
            divide_up(matrix.out, path_.columns)};
  }

  void multiply(const ProductTasks::Task& task, const Panels& weight, MatrixRows<float> out) const {
    const MatrixRows<const float> a{floats(product_.x) + task.row * in_, in_};
    multiply_panels(path_, a, task.rows,
                    {weight.data + task.panel * weight.step, weight.step, task.panels}, in_, false,
                    out);
  }

  const ProductPath& path_ = product_path();
  const Product& product_;
  Panels value_;
  Panels gate_;
  std::int64_t in_;
  std::int64_t out_;
};

}  // namespace

std::span<const ProductPath* const> product_paths() { return kPaths; }

const ProductPath& product_path() {
  static const ProductPath& best = **std::find_if(
      std::begin(kPaths), std::end(kPaths), [](const ProductPath* path) { return path->usable(); });
  return best;
}

void multiply_panels(const ProductPath& path, MatrixRows<const float> a, std::int64_t rows,
                     const Panels& panels, std::int64_t depth, bool onto, MatrixRows<float> out) {
  const std::int64_t parts = divide_up(depth, product_depth(path));
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t first = border(depth, parts, 1, part);
    const std::int64_t count = border(depth, parts, 1, part + 1) - first;
    for (std::int64_t panel = 0; panel < panels.count; ++panel) {
      path.multiply(a.at(0, first), rows, panels.data + panel * panels.step + first * path.columns,
                    count, onto || part > 0, out.at(0, panel * path.columns));
    }
  }
}

std::int64_t product_depth(const ProductPath& path) { return kPanelValues / path.columns; }

ProductTasks::ProductTasks(std::int64_t rows, std::int64_t columns, std::int64_t depth)
    : rows_(rows),
      panels_(divide_up(columns, product_path().columns)),
      row_parts_(divide_up(rows, kRows)),
      rows_first_(columns > rows),
      threads_(omp_get_max_threads()) {
  const std::int64_t wanted = divide_up(kTasksPerThread * threads_, row_parts_);
  const std::int64_t least = divide_up(columns, kColumns);
  panel_parts_ = std::clamp(wanted, least, std::max(least, panels_ / 2));
  if (rows * columns * depth < kParallelWork) threads_ = 1;
  threads_ = static_cast<int>(std::min<std::int64_t>(threads_, count()));
}

ProductTasks::Task ProductTasks::at(std::int64_t index) const {
  const std::int64_t unit = product_path().rows;
  const std::int64_t row_part = rows_first_ ? index % row_parts_ : index / panel_parts_;
  const std::int64_t panel_part = rows_first_ ? index / row_parts_ : index % panel_parts_;
  const std::int64_t row = border(rows_, row_parts_, unit, row_part);
  const std::int64_t panel = border(panels_, panel_parts_, 1, panel_part);
  return {.row = row,
          .rows = border(rows_, row_parts_, unit, row_part + 1) - row,
          .panel = panel,
          .panels = border(panels_, panel_parts_, 1, panel_part + 1) - panel};
}

std::int64_t ProductTasks::most_rows() const {
  const std::int64_t unit = product_path().rows;
  return divide_up(divide_up(rows_, unit), row_parts_) * unit;
}

std::int64_t ProductTasks::most_panels() const { return divide_up(panels_, panel_parts_); }

void multiply_f32(Device& device, const PackedMatrix& value, const PackedMatrix* gate,
                  const Product& product) {
  if (product.rows == 0) return;
  const ProductTasks tasks(product.rows, value.out, value.in);
  const Multiplication multiplication(value, gate, product);
  const std::int64_t room =
      tasks.most_rows() * tasks.most_panels() * product_path().columns * (gate == nullptr ? 1 : 2);
  const PoolBlock scratch(device, static_cast<std::size_t>(room * tasks.threads()) * sizeof(float));
  auto* const sums = static_cast<float*>(scratch.data());
#pragma omp parallel for num_threads(tasks.threads()) schedule(dynamic)
  for (std::int64_t task = 0; task < tasks.count(); ++task) {
    multiplication.run(tasks.at(task), sums + room * omp_get_thread_num());
  }
}

}  // namespace sagitta::cpu
