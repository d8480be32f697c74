#include "sagitta/graph/set_input.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/literal.h"

#include <algorithm>

namespace sagitta::graph {
namespace {

// The node of that id, or the only one of that title, or the only one of that class; nullptr if
// there is none. Throws if there are several.
PromptNode* find_node(Prompt& prompt, std::string_view name) {
  if (PromptNode* const node = prompt.find(name)) return node;
  for (const auto member : {&PromptNode::title, &PromptNode::class_type}) {
    std::vector<std::string> ids;
    for (const PromptNode& node : prompt.nodes()) {
      if (node.*member == name) ids.push_back(node.id);
    }
    require(ids.size() < 2, Fault::bad_input,
            "{} is ambiguous: the nodes {} and {} match; give the id", in_quotes(name),
            ids.empty() ? "" : escaped(ids.front()), ids.empty() ? "" : escaped(ids.back()));
    if (!ids.empty()) return prompt.find(ids.front());
  }
  return nullptr;
}

std::string known_inputs(const NodeDef& def) {
  std::string all;
  for (const Input& in : def.inputs) {
    if (in.section != Section::hidden) all += (all.empty() ? "" : ", ") + in.name;
  }
  return all;
}

// The text as a link if it is written like one.
std::optional<Link> link_from(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  return as_link(Json::parse(text.begin(), text.end(), nullptr, false));
}

}  // namespace

void set_input(Prompt& prompt, std::string_view assignment, const Registry& registry) {
  const std::size_t equals = assignment.find('=');
  require(equals != std::string_view::npos, Fault::bad_input, "{}: expected NODE.INPUT=VALUE",
          in_quotes(assignment));
  const std::string_view left = assignment.substr(0, equals);
  const std::string_view text = assignment.substr(equals + 1);

  // Titles may contain dots, and so may the names of inputs: the first split that names a node
  // counts.
  PromptNode* node = nullptr;
  std::size_t dot = left.rfind('.');
  require(dot != std::string_view::npos, Fault::bad_input, "{}: expected NODE.INPUT=VALUE",
          in_quotes(assignment));
  const std::string_view last_name = left.substr(0, dot);
  for (; node == nullptr && dot != std::string_view::npos && dot > 0;
       dot = left.rfind('.', dot - 1)) {
    node = find_node(prompt, left.substr(0, dot));
    if (node != nullptr) break;
  }
  require(node != nullptr, Fault::bad_input, "{}: no node has the id, title or class {}",
          in_quotes(assignment), in_quotes(last_name));
  const std::string_view name = left.substr(dot + 1);

  const NodeDef* const def = registry.find(node->class_type);
  const Input* const in = def == nullptr ? nullptr : def->find_input(name);
  require(def == nullptr || (in != nullptr && in->section != Section::hidden), Fault::bad_input,
          "{} has no input {}; it has {}", label(*node), in_quotes(name),
          def == nullptr ? std::string() : known_inputs(*def));
  if (std::optional<Link> link = link_from(text)) {
    node->set(name, std::move(*link));
    return;
  }
  require(in == nullptr || in->is_widget() || in->type == kAnyType, Fault::bad_input,
          "{}, input {}: {} is not a link like [\"4\", 0], which an input of type {} needs",
          label(*node), in_quotes(name), in_quotes(text), in == nullptr ? "" : in->type);
  const Literal literal = to_literal(Json(std::string(text)), in == nullptr ? "STRING" : in->type);
  require(literal.problem.empty(), Fault::bad_input, "{}, input {}: {}", label(*node),
          in_quotes(name), literal.problem);
  node->set(name, literal.value);
}

}  // namespace sagitta::graph
