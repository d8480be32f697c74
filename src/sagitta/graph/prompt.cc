#include "sagitta/graph/prompt.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/json_text.h"

#include <algorithm>
#include <limits>

namespace sagitta::graph {
namespace {

// The wrapper {"__value__": x} keeps a list from looking like a link.
bool is_wrapper(const Json& value) {
  return value.is_object() && value.size() == 1 && value.contains("__value__");
}

InputValue parse_value(const Json& value) {
  if (std::optional<Link> link = as_link(value)) return std::move(*link);
  if (is_wrapper(value)) return value["__value__"];
  return value;
}

std::string title_of(const Json& node) {
  const auto meta = node.find("_meta");
  if (meta == node.end() || !meta->is_object()) return {};
  const auto title = meta->find("title");
  if (title == meta->end() || !title->is_string()) return {};
  return std::string(head(title->get_ref<const std::string&>(), kMaxTitleBytes));
}

PromptNode parse_node(const std::string& id, const Json& json) {
  require(json.is_object(), Fault::bad_input,
          "node {}: expected an object with class_type and inputs, got {}", in_quotes(id),
          brief(json));
  PromptNode node{.id = id, .class_type = {}, .title = title_of(json), .inputs = {}};
  if (const auto type = json.find("class_type"); type != json.end()) {
    require(type->is_string(), Fault::bad_input, "node {} {}: class_type is {}, expected a text",
            in_quotes(id), in_quotes(node.title), brief(*type));
    node.class_type = type->get<std::string>();
  }
  require_short_names(id, node.class_type);
  const auto inputs = json.find("inputs");
  if (inputs == json.end()) return node;
  require(inputs->is_object(), Fault::bad_input, "{}: inputs is {}, expected an object",
          label(node), brief(*inputs));
  for (const auto& [name, value] : inputs->items())
    node.inputs.emplace_back(name, parse_value(value));
  return node;
}

}  // namespace

const InputValue* PromptNode::find(std::string_view input) const {
  const auto it = std::ranges::find(inputs, input, &std::pair<std::string, InputValue>::first);
  return it == inputs.end() ? nullptr : &it->second;
}

void PromptNode::set(std::string_view input, InputValue value) {
  const auto it = std::ranges::find(inputs, input, &std::pair<std::string, InputValue>::first);
  if (it == inputs.end()) {
    inputs.emplace_back(input, std::move(value));
  } else {
    it->second = std::move(value);
  }
}

PromptNode& Prompt::add(PromptNode node) {
  require(nodes_.size() < kMaxNodes, Fault::bad_input, "the workflow has more than {} nodes",
          kMaxNodes);
  const bool is_new = index_.emplace(node.id, nodes_.size()).second;
  require(is_new, Fault::bad_input, "two nodes of the workflow have the id {}", in_quotes(node.id));
  return nodes_.emplace_back(std::move(node));
}

const PromptNode* Prompt::find(std::string_view id) const {
  const auto it = index_.find(id);
  return it == index_.end() ? nullptr : &nodes_[it->second];
}

PromptNode* Prompt::find(std::string_view id) {
  const auto it = index_.find(id);
  return it == index_.end() ? nullptr : &nodes_[it->second];
}

std::optional<Link> as_link(const Json& value) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_string()) return std::nullopt;
  const Json& slot = value[1];
  if (!slot.is_number_integer()) return std::nullopt;
  // Beyond the range of the type there is no such slot, as with any other number that is too large.
  const bool huge =
      slot.is_number_unsigned() && !std::in_range<std::int64_t>(slot.get<std::uint64_t>());
  return Link{.node = value[0].get<std::string>(),
              .slot = huge ? std::numeric_limits<std::int64_t>::max() : slot.get<std::int64_t>()};
}

std::string label(const PromptNode& node) {
  const std::string type = node.class_type.empty() ? "no class_type" : escaped(node.class_type);
  if (node.title.empty() || node.title == node.class_type) {
    return fmt::format("node {} ({})", escaped(node.id), type);
  }
  return fmt::format("node {} {} ({})", escaped(node.id), in_quotes(node.title), type);
}

void require_short_names(std::string_view id, std::string_view class_type) {
  require(id.size() <= kMaxNameBytes && class_type.size() <= kMaxNameBytes, Fault::bad_input,
          "node {} ({}): id or type is longer than {} bytes", escaped(id), escaped(class_type),
          kMaxNameBytes);
}

Prompt parse_prompt(const Json& api) {
  require(api.is_object(), Fault::bad_input, "the workflow is {}, expected an object of nodes",
          brief(api));
  Prompt prompt;
  for (const auto& [id, node] : api.items()) prompt.add(parse_node(id, node));
  return prompt;
}

Json to_json(const Prompt& prompt) {
  Json api = Json::object();
  for (const PromptNode& node : prompt.nodes()) {
    Json inputs = Json::object();
    for (const auto& [name, value] : node.inputs) {
      if (const Link* const link = std::get_if<Link>(&value)) {
        inputs[name] = Json::array({link->node, link->slot});
      } else {
        const Json& literal = std::get<Json>(value);
        const bool wrap = literal.is_array() || is_wrapper(literal);
        inputs[name] = wrap ? Json{{"__value__", literal}} : literal;
      }
    }
    Json& out = api[node.id];
    out = Json{{"inputs", std::move(inputs)}, {"class_type", node.class_type}};
    if (!node.title.empty()) out["_meta"] = Json{{"title", node.title}};
  }
  return api;
}

}  // namespace sagitta::graph
