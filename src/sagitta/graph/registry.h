// The set of known nodes, in the order in which they were added.
#pragma once

#include "sagitta/graph/node.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::graph {

class Registry {
 public:
  Registry() = default;
  explicit Registry(std::vector<NodeDef> nodes);

  // Throws Error{internal} for a second node of the same id or a node without `run`.
  void add(NodeDef node);
  void add(std::vector<NodeDef> nodes);

  [[nodiscard]] const NodeDef* find(std::string_view id) const;
  [[nodiscard]] const std::vector<NodeDef>& nodes() const { return nodes_; }
  // The id closest in spelling to an unknown one, or "" if none is close.
  [[nodiscard]] std::string nearest(std::string_view id) const;

 private:
  std::vector<NodeDef> nodes_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace sagitta::graph
