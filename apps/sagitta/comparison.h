// A comparison: one picture for every pair of values of two axes, made by the graph of `sagitta
// generate` with changed inputs. What does not change from picture to picture is computed once.
#pragma once

#include "axis.h"
#include "sagitta/core/array.h"
#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sagitta::cli {

struct ComparedCell {
  std::size_t column = 0;
  std::size_t row = 0;
  Generation generation;
  graph::Prompt prompt;
  std::size_t same_as = 0;  // the first cell with the same prompt: itself, unless it needs no run
};

struct Comparison {
  Axis x;
  std::optional<Axis> y;
  GenerateSettings base;            // with the first values of the axes, and all that was left open
  std::vector<ComparedCell> cells;  // row by row
  std::vector<std::size_t> order;   // of the cells to run: what costs most changes most seldom

  [[nodiscard]] std::size_t columns() const { return x.values.size(); }
};

// Plans all cells. Throws bad_input for a value that its flag refuses, for one parameter on both
// axes, and for an axis whose values make no difference.
[[nodiscard]] Comparison plan_comparison(const GenerateSettings& base, const IsGiven& is_given,
                                         Axis x, std::optional<Axis> y,
                                         const nodes::Services& services);

// Throws bad_input, with the first cell's mistakes, unless every cell can run.
void require_valid(const Comparison& comparison, const graph::Registry& registry,
                   const graph::ServicesRef& services);

struct CellResult {
  Array pictures;                            // (B, H, W, 3)
  double seconds = 0;                        // 0 for a cell that is the same as another
  std::vector<std::string> executed;         // ids of the nodes that had to run
  std::vector<std::filesystem::path> files;  // where cells are saved
};

struct ComparisonRun {
  graph::ServicesRef services;
  const std::atomic<bool>* cancel = nullptr;
  bool save_cells = false;                                                // run SaveImage, too
  std::function<void(std::size_t number, std::size_t count)> on_cell = {};     // the next begins; from 1
  std::function<void(std::int64_t value, std::int64_t max)> on_progress = {};  // steps of all cells
};

// Runs every cell. The result has as many entries as the comparison. Throws as graph::execute does.
[[nodiscard]] std::vector<CellResult> run_comparison(const Comparison& comparison,
                                                     const graph::Registry& registry,
                                                     const nodes::Services& services,
                                                     const ComparisonRun& run);

}  // namespace sagitta::cli
