// Part: the tensors of one network of a file, under the names of the single-file layout, whatever
// layout the file has.
#pragma once

#include "sagitta/core/stored.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::models {

struct Part {
  StateDict tensors;
  std::map<std::string, std::string, std::less<>> origin;  // their names in the file

  [[nodiscard]] bool empty() const { return tensors.empty(); }
  [[nodiscard]] bool has(std::string_view name) const { return tensors.contains(name); }
  void add(std::string name, std::string original, StoredTensor tensor);
};

// The tensors whose names begin with prefix, under the rest of their names.
[[nodiscard]] Part part_at(const StateDict& file, std::string_view prefix);

// A row of a rename table. '#' in `from` stands for a number; those in `to` take them in order.
struct RenameRow {
  std::string from;
  std::string to;
};

// How another layout names the weights of a network.
struct RenameTable {
  std::vector<RenameRow> places;  // the beginning of a name: where in the network
  std::vector<RenameRow> layers;  // what follows the place; the first row that fits is used
};

// The name in the single-file layout, or "" for a name that no place begins.
[[nodiscard]] std::string renamed(std::string_view name, const RenameTable& table);

// The tensors under their new names; without those whose place the table lacks.
[[nodiscard]] Part renamed(const Part& part, const RenameTable& table);

}  // namespace sagitta::models
