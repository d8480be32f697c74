#include "sagitta/graph/ui_graph.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/prompt.h"

namespace sagitta::graph {
namespace {

const Json* member(const Json& json, std::string_view key) {
  if (!json.is_object()) return nullptr;
  const auto it = json.find(key);
  return it == json.end() || it->is_null() ? nullptr : &*it;
}

// Ids are numbers in most files and texts in some; both become texts.
std::optional<std::string> id_of(const Json* json) {
  if (json == nullptr) return std::nullopt;
  if (json->is_string()) return json->get<std::string>();
  if (json->is_number_integer()) return json->dump();
  return std::nullopt;
}

std::string text_of(const Json* json) {
  return json != nullptr && json->is_string() ? json->get<std::string>() : std::string();
}

// The type of a slot: a text, or a number for the internal types of the drawing library (-1:
// events).
std::string type_of(const Json& slot) {
  const Json* const type = member(slot, "type");
  if (type == nullptr) return "*";
  return type->is_string() ? type->get<std::string>() : brief(*type);
}

const Json& list_member(const Json& json, std::string_view key, const std::string& owner) {
  static const Json kNone = Json::array();
  const Json* const list = member(json, key);
  if (list == nullptr) return kNone;
  require(list->is_array(), Fault::bad_input, "{}: \"{}\" is {}, expected a list", owner, key,
          brief(*list));
  return *list;
}

// Anything that is not [[id, name], ...] is passed over: it only matters on the screen.
std::vector<std::pair<std::string, std::string>> read_promoted(const Json& node) {
  std::vector<std::pair<std::string, std::string>> all;
  const Json* const properties = member(node, "properties");
  const Json* const entries = properties == nullptr ? nullptr : member(*properties, "proxyWidgets");
  if (entries == nullptr || !entries->is_array()) return all;
  for (const Json& entry : *entries) {
    if (!entry.is_array() || entry.size() < 2) continue;
    all.emplace_back(id_of(&entry[0]).value_or(""), text_of(&entry[1]));
  }
  return all;
}

UiNode read_node(const Json& json) {
  require(json.is_object(), Fault::bad_input, "a node of the workflow is {}, expected an object",
          brief(json));
  const std::optional<std::string> id = id_of(member(json, "id"));
  require(id.has_value(), Fault::bad_input, "the node {} has no id", brief(json));
  UiNode node;
  node.id = *id;
  node.title = text_of(member(json, "title"));
  node.title.resize(head(node.title, kMaxTitleBytes).size());
  const Json* const type = member(json, "type");
  require(type != nullptr && type->is_string(), Fault::bad_input,
          "node {} {}: type is {}, expected a text", escaped(node.id), in_quotes(node.title),
          type == nullptr ? "missing" : brief(*type));
  node.type = type->get<std::string>();
  require_short_names(node.id, node.type);
  if (const Json* const mode = member(json, "mode")) {
    require(mode->is_number_integer(), Fault::bad_input, "{}: mode is {}, expected a whole number",
            node.label(), brief(*mode));
    node.mode = mode->get<std::int64_t>();
  }
  for (const Json& slot : list_member(json, "inputs", node.label())) {
    require(slot.is_object(), Fault::bad_input, "{}: an input is {}, expected an object",
            node.label(), brief(slot));
    const Json* const widget = member(slot, "widget");
    const std::string widget_name = widget == nullptr ? "" : text_of(member(*widget, "name"));
    node.inputs.push_back(
        {.name = widget_name.empty() ? text_of(member(slot, "name")) : widget_name,
         .type = type_of(slot),
         .link = id_of(member(slot, "link")),
         .is_widget = widget != nullptr});
  }
  for (const Json& slot : list_member(json, "outputs", node.label())) {
    node.output_types.push_back(type_of(slot));
  }
  if (const Json* const values = member(json, "widgets_values")) {
    require(values->is_array() || values->is_object(), Fault::bad_input,
            "{}: widgets_values is {}, expected a list or an object", node.label(), brief(*values));
    node.widgets_values = *values;
  }
  node.promoted = read_promoted(json);
  return node;
}

// [id, from, from_slot, to, to_slot, type] or an object with those names.
void read_link(const Json& json, UiGraph& graph) {
  if (json.is_null()) return;  // a hole that a deleted link left
  const auto part = [&](std::size_t position, std::string_view key) -> const Json* {
    if (json.is_array()) return position < json.size() ? &json[position] : nullptr;
    return member(json, key);
  };
  const std::optional<std::string> id = id_of(part(0, "id"));
  const std::optional<std::string> from = id_of(part(1, "origin_id"));
  const Json* const from_slot = part(2, "origin_slot");
  const std::optional<std::string> to = id_of(part(3, "target_id"));
  const Json* const to_slot = part(4, "target_slot");
  const bool whole = id && from && to && from_slot != nullptr && from_slot->is_number_integer() &&
                     to_slot != nullptr && to_slot->is_number_integer();
  require(whole, Fault::bad_input,
          "the link {} is not [id, node, slot, node, slot, type] nor an object with id, origin_id, "
          "origin_slot, "
          "target_id, target_slot",
          brief(json));
  UiLink link{.from = *from,
              .from_slot = from_slot->get<std::int64_t>(),
              .to = *to,
              .to_slot = to_slot->get<std::int64_t>()};
  if (link.to == kSubgraphOutputs) graph.output_links[link.to_slot] = link;
  graph.links[*id] = std::move(link);
}

}  // namespace

std::string UiNode::label() const {
  return graph::label({.id = id, .class_type = type, .title = title, .inputs = {}});
}

const UiNode* UiGraph::find(std::string_view id) const {
  const auto it = index.find(id);
  return it == index.end() ? nullptr : &nodes[it->second];
}

const UiLink* UiGraph::output_link(std::int64_t slot) const {
  const auto it = output_links.find(slot);
  return it == output_links.end() ? nullptr : &it->second;
}

UiGraph read_ui_graph(const Json& json) {
  UiGraph graph;
  for (const Json& entry : list_member(json, "nodes", "the workflow")) {
    require(graph.nodes.size() < kMaxNodes, Fault::bad_input, "the workflow has more than {} nodes",
            kMaxNodes);
    UiNode node = read_node(entry);
    const bool is_new = graph.index.emplace(node.id, graph.nodes.size()).second;
    require(is_new, Fault::bad_input, "{}: another node has the same id", node.label());
    graph.nodes.push_back(std::move(node));
  }
  // A list, or in some versions an object with the ids as keys.
  const Json* const links = member(json, "links");
  if (links != nullptr && links->is_object()) {
    for (const Json& link : *links) read_link(link, graph);
  } else {
    for (const Json& link : list_member(json, "links", "the workflow")) read_link(link, graph);
  }
  for (const Json& slot : list_member(json, "inputs", "a subgraph")) {
    graph.input_names.push_back(text_of(member(slot, "name")));
  }
  return graph;
}

std::map<std::string, UiGraph, std::less<>> read_subgraphs(const Json& json) {
  std::map<std::string, UiGraph, std::less<>> all;
  const Json* const definitions = member(json, "definitions");
  if (definitions == nullptr) return all;
  for (const Json& entry : list_member(*definitions, "subgraphs", "definitions")) {
    const std::optional<std::string> id = id_of(member(entry, "id"));
    require(id.has_value(), Fault::bad_input, "a subgraph definition has no id");
    const bool is_new = all.emplace(*id, read_ui_graph(entry)).second;
    require(is_new, Fault::bad_input, "two subgraph definitions have the id {}", in_quotes(*id));
  }
  return all;
}

}  // namespace sagitta::graph
