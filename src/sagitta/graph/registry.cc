#include "sagitta/graph/registry.h"

#include "sagitta/base/nearest.h"

namespace sagitta::graph {
Registry::Registry(std::vector<NodeDef> nodes) { add(std::move(nodes)); }

void Registry::add(NodeDef node) {
  require(static_cast<bool>(node.run), Fault::internal, "node {} has no run function", node.id);
  const bool is_new = index_.emplace(node.id, nodes_.size()).second;
  require(is_new, Fault::internal, "there are two nodes called {}", node.id);
  nodes_.push_back(std::move(node));
}

void Registry::add(std::vector<NodeDef> nodes) {
  for (NodeDef& node : nodes) add(std::move(node));
}

const NodeDef* Registry::find(std::string_view id) const {
  const auto it = index_.find(id);
  return it == index_.end() ? nullptr : &nodes_[it->second];
}

std::string Registry::nearest(std::string_view id) const {
  std::vector<std::string> ids;
  for (const NodeDef& node : nodes_) ids.push_back(node.id);
  return sagitta::nearest(id, ids);
}

}  // namespace sagitta::graph
