#include "comparison.h"

#include "run_prompt.h"
#include "sagitta/graph/execute.h"
#include "sagitta/graph/validate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>

namespace sagitta::cli {
namespace {

// A cell of the axis' values number `column` and `row`.
ComparedCell plan_cell(NamedSettings settings, const IsGiven& is_given,
                       const Comparison& comparison, std::size_t index,
                       const nodes::Services& services) {
  ComparedCell cell;
  cell.column = index % comparison.columns();
  cell.row = index / comparison.columns();
  settings.set(comparison.x.parameter, comparison.x.values[cell.column]);
  if (comparison.y) settings.set(comparison.y->parameter, comparison.y->values[cell.row]);
  cell.generation = resolve(settings.settings(), is_given, services);
  cell.generation.filename_prefix = "cell";
  cell.prompt = generation_graph(cell.generation);
  return cell;
}

void find_equal_cells(std::vector<ComparedCell>& cells) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string text =
        graph::to_json(cells[i].prompt).dump(-1, ' ', false, Json::error_handler_t::replace);
    cells[i].same_as = first.try_emplace(text, i).first->second;
  }
}

// Is there a cell that differs from its neighbour at distance `step` before it?
void require_difference(const Comparison& comparison, const Axis& axis, bool is_x) {
  if (axis.values.size() < 2) return;
  const bool differs = std::ranges::any_of(comparison.cells, [&](const ComparedCell& cell) {
    if ((is_x ? cell.column : cell.row) == 0) return false;
    const std::size_t index = cell.row * comparison.columns() + cell.column;
    const std::size_t before = index - (is_x ? 1 : comparison.columns());
    return cell.same_as != comparison.cells[before].same_as;
  });
  std::string_view needs;
  if (axis.parameter.starts_with("sag-")) needs = "; they need --sag";
  if (axis.parameter == "lora-strength")
    needs = "; they need a --lora without a strength of its own";
  require(differs, Fault::bad_input, "the values of {} make no difference here{}", axis.parameter,
          needs);
}

// The cells that have to run; those of an outer axis' value stay together.
std::vector<std::size_t> running_order(const Comparison& comparison) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < comparison.cells.size(); ++i) {
    if (comparison.cells[i].same_as == i) order.push_back(i);
  }
  const bool x_is_outer =
      comparison.y && text_of(comparison.x.parameter).cost > text_of(comparison.y->parameter).cost;
  if (x_is_outer) {
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return comparison.cells[i].column; });
  }
  return order;
}

}  // namespace

Comparison plan_comparison(const GenerateSettings& base, const IsGiven& is_given, Axis x,
                           std::optional<Axis> y, const nodes::Services& services) {
  require(!y || x.parameter != y->parameter, Fault::bad_input, "both axes change {}", x.parameter);
  Comparison comparison{
      .x = std::move(x), .y = std::move(y), .base = base, .cells = {}, .order = {}};
  const auto on_axis = [&](std::string_view name) {
    return name == comparison.x.parameter || (comparison.y && name == comparison.y->parameter);
  };
  const IsGiven given = [&](std::string_view name) { return is_given(name) || on_axis(name); };
  require_use(base, [&](std::string_view name) {
    return is_given(name) || ((name == "sag" || name == "lora") && on_axis(name));
  });
  const std::size_t rows = comparison.y ? comparison.y->values.size() : 1;
  for (std::size_t i = 0; i < rows * comparison.columns(); ++i) {
    comparison.cells.push_back(plan_cell(NamedSettings(base), given, comparison, i, services));
  }
  const Generation& first = comparison.cells.front().generation;
  comparison.base.generation = first;
  comparison.base.size = fmt::format("{}x{}", first.width, first.height);
  find_equal_cells(comparison.cells);
  require_difference(comparison, comparison.x, true);
  if (comparison.y) require_difference(comparison, *comparison.y, false);
  comparison.order = running_order(comparison);
  return comparison;
}

void require_valid(const Comparison& comparison, const graph::Registry& registry,
                   const graph::ServicesRef& services) {
  for (const std::size_t i : comparison.order) {
    graph::require_valid(graph::validate(comparison.cells[i].prompt, registry, services));
  }
}

std::vector<CellResult> run_comparison(const Comparison& comparison,
                                       const graph::Registry& registry,
                                       const nodes::Services& services, const ComparisonRun& run) {
  std::vector<CellResult> results(comparison.cells.size());
  const std::vector<ComparedCell>& cells = comparison.cells;
  const std::int64_t steps = std::accumulate(
      comparison.order.begin(), comparison.order.end(), std::int64_t{0},
      [&](std::int64_t sum, std::size_t i) { return sum + cells[i].generation.sampling.steps; });
  std::int64_t steps_before = 0;
  graph::Cache cache;
  graph::RunOptions options{
      .services = run.services, .outputs = {{kImageNode}}, .cancel = run.cancel};
  if (run.save_cells) options.outputs->emplace_back(kSaveNode);
  for (std::size_t number = 0; number < comparison.order.size(); ++number) {
    const ComparedCell& cell = cells[comparison.order[number]];
    CellResult& result = results[comparison.order[number]];
    const int own_steps = cell.generation.sampling.steps;
    if (run.on_cell) run.on_cell(number + 1, comparison.order.size());
    options.watcher.on_progress = [&](const graph::PromptNode& node,
                                      const graph::Progress& progress) {
      if (!run.on_progress || node.class_type != "KSampler" || progress.max <= 0) return;
      run.on_progress(steps_before + progress.value * own_steps / progress.max, steps);
    };
    const auto start = std::chrono::steady_clock::now();
    graph::RunResult done = graph::execute(cell.prompt, registry, cache, options);
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.pictures = std::any_cast<const Array&>(done.results.at(kImageNode)->values.front());
    result.files = written_files(done.ui, services);
    result.executed = std::move(done.executed);
    steps_before += own_steps;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].same_as == i) continue;
    results[i].pictures = results[cells[i].same_as].pictures;
    results[i].files = results[cells[i].same_as].files;
  }
  return results;
}

}  // namespace sagitta::cli
