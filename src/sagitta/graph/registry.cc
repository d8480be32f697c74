#include "sagitta/graph/registry.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace sagitta::graph {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Levenshtein distance without regard to case.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replace = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replace, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

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
  constexpr std::size_t kLongestId = 100;  // an unknown id comes from a stranger's file
  if (id.empty() || id.size() > kLongestId) return {};
  std::string best;
  std::size_t best_distance = id.size() / 2 + 1;
  for (const NodeDef& node : nodes_) {
    const std::size_t d = distance(id, node.id);
    if (d < best_distance) {
      best_distance = d;
      best = node.id;
    }
  }
  return best;
}

}  // namespace sagitta::graph
