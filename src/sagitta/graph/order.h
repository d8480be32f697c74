// Which nodes depend on which. All functions are iterative: a chain of 10,000 nodes needs no stack.
#pragma once

#include "sagitta/graph/prompt.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sagitta::graph {

using NodeIds = std::set<std::string, std::less<>>;

inline constexpr std::size_t kMaxCycles = 100;

struct DependencyOrder {
  std::vector<std::string> ids;  // every node after what it depends on, otherwise in prompt order
  // Cycles, at most kMaxCycles of them. If there are any, ids cannot keep its promise.
  std::vector<std::vector<std::string>> cycles;
};

// Links to nodes that do not exist are passed over.
[[nodiscard]] DependencyOrder dependency_order(const Prompt& prompt);
// These nodes and all that they depend on.
[[nodiscard]] NodeIds needed_by(const Prompt& prompt, const std::vector<std::string>& ids);

// The other direction: who depends on whom.
class Dependents {
 public:
  explicit Dependents(const Prompt& prompt);
  // These nodes and all that depend on them.
  [[nodiscard]] NodeIds of(const NodeIds& ids) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> consumers_;
};

}  // namespace sagitta::graph
