#include "sagitta/graph/order.h"

#include <algorithm>

namespace sagitta::graph {
namespace {

// The existing nodes that a node links to.
std::vector<std::string> sources(const Prompt& prompt, const PromptNode& node) {
  std::vector<std::string> ids;
  for (const auto& [name, value] : node.inputs) {
    const Link* const link = std::get_if<Link>(&value);
    if (link != nullptr && prompt.contains(link->node)) ids.push_back(link->node);
  }
  return ids;
}

struct Visit {
  std::string id;
  std::vector<std::string> sources;
  std::size_t next = 0;
};

enum class Mark { open, done };

}  // namespace

DependencyOrder dependency_order(const Prompt& prompt) {
  DependencyOrder order;
  std::map<std::string, Mark, std::less<>> marks;
  std::vector<Visit> stack;
  const auto enter = [&](const std::string& id) {
    marks[id] = Mark::open;
    stack.push_back({.id = id, .sources = sources(prompt, *prompt.find(id))});
  };
  for (const PromptNode& root : prompt.nodes()) {
    if (!marks.contains(root.id)) enter(root.id);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      if (visit.next == visit.sources.size()) {
        marks[visit.id] = Mark::done;
        order.ids.push_back(visit.id);
        stack.pop_back();
        continue;
      }
      const std::string source = visit.sources[visit.next++];
      const auto mark = marks.find(source);
      if (mark == marks.end()) {
        enter(source);
      } else if (mark->second == Mark::open && order.cycles.size() < kMaxCycles) {
        const auto first = std::ranges::find(stack, source, &Visit::id);
        std::vector<std::string> cycle;
        for (auto it = first; it != stack.end(); ++it) cycle.push_back(it->id);
        order.cycles.push_back(std::move(cycle));
      }
    }
  }
  return order;
}

NodeIds needed_by(const Prompt& prompt, const std::vector<std::string>& ids) {
  NodeIds needed;
  std::vector<std::string> open = ids;
  while (!open.empty()) {
    const std::string id = std::move(open.back());
    open.pop_back();
    const PromptNode* const node = prompt.find(id);
    if (node == nullptr || !needed.insert(id).second) continue;
    for (std::string& source : sources(prompt, *node)) open.push_back(std::move(source));
  }
  return needed;
}

Dependents::Dependents(const Prompt& prompt) {
  for (const PromptNode& node : prompt.nodes()) {
    for (const std::string& source : sources(prompt, node)) consumers_[source].push_back(node.id);
  }
}

NodeIds Dependents::of(const NodeIds& ids) const {
  NodeIds dependents;
  std::vector<std::string> open(ids.begin(), ids.end());
  while (!open.empty()) {
    const std::string id = std::move(open.back());
    open.pop_back();
    if (!dependents.insert(id).second) continue;
    const auto it = consumers_.find(id);
    if (it == consumers_.end()) continue;
    open.insert(open.end(), it->second.begin(), it->second.end());
  }
  return dependents;
}

}  // namespace sagitta::graph
