#include "sagitta/graph/object_info.h"

#include "sagitta/graph/check_inputs.h"

#include <algorithm>

namespace sagitta::graph {
namespace {

const char* section_name(Section section) {
  switch (section) {
    case Section::required:
      return "required";
    case Section::optional:
      return "optional";
    case Section::hidden:
      return "hidden";
  }
  return "";
}

// The two styles order the options differently: schema nodes print tooltip and advanced first.
Json ordered_options(const Json& options, NodeStyle style) {
  Json ordered = Json::object();
  const auto is_first = [](const std::string& key) {
    return key == "tooltip" || key == "advanced";
  };
  const bool schema = style == NodeStyle::schema;
  for (const bool pass : {schema, !schema}) {
    for (const auto& [key, value] : options.items()) {
      if (is_first(key) == pass) ordered[key] = value;
    }
  }
  return ordered;
}

// ["INT", {...}]; a combo is [[entries...], {...}] (classic) or ["COMBO", {..., "options": [...]}]
// (schema).
Json input_info(const Input& in, NodeStyle style, const ServicesRef& services) {
  if (in.section == Section::hidden) {
    return style == NodeStyle::schema ? Json::array({in.type}) : Json(in.type);
  }
  const bool schema = style == NodeStyle::schema;
  Json info = Json::array();
  std::optional<Json> options = in.options;
  if (schema && !options) options = Json::object();
  if (options) options = ordered_options(*options, style);
  if (in.type == kCombo) {
    const std::vector<std::string> entries = choices_of(in, services);
    if (schema) {
      info.push_back(in.type);
      if (!options->contains("multiselect")) (*options)["multiselect"] = false;
      (*options)["options"] = entries;
    } else {
      info.push_back(entries);
    }
  } else {
    info.push_back(in.type);
  }
  if (options) info.push_back(*options);
  return info;
}

}  // namespace

Json object_info(const NodeDef& node, const ServicesRef& services) {
  const bool schema = node.style == NodeStyle::schema;
  Json sections = Json::object();
  Json order = Json::object();
  sections["required"] = Json::object();
  order["required"] = Json::array();
  for (const Section section : {Section::required, Section::optional, Section::hidden}) {
    const std::string key = section_name(section);
    for (const Input& in : node.inputs) {
      if (in.section != section || is_grown(node, in)) continue;
      sections[key][in.name] = input_info(in, node.style, services);
      if (!order.contains(key)) order[key] = Json::array();
      order[key].push_back(in.name);
    }
  }

  Json types = Json::array();
  Json names = Json::array();
  Json is_list = Json::array();
  Json tooltips = Json::array();
  for (const Output& out : node.outputs) {
    types.push_back(out.type);
    names.push_back(out.name.empty() ? out.type : out.name);
    is_list.push_back(out.is_list);
    tooltips.push_back(out.tooltip);
  }
  const bool any_tooltip =
      std::ranges::any_of(node.outputs, [](const Output& out) { return !out.tooltip.empty(); });

  Json info{{"input", std::move(sections)}, {"input_order", std::move(order)}};
  info["is_input_list"] = node.is_input_list;
  info["output"] = std::move(types);
  info["output_is_list"] = std::move(is_list);
  info["output_name"] = std::move(names);
  if (any_tooltip) info["output_tooltips"] = std::move(tooltips);
  if (schema) info["output_matchtypes"] = nullptr;
  info["name"] = node.id;
  if (schema && node.display_name.empty()) {
    info["display_name"] = nullptr;
  } else {
    info["display_name"] = node.display_name.empty() ? node.id : node.display_name;
  }
  info["description"] = node.description;
  if (node.python_module) {
    info["python_module"] = *node.python_module;
  } else {
    info["python_module"] = schema ? Json() : Json("nodes");
  }
  info["category"] = node.category;
  info["output_node"] = node.output_node;
  if (schema || node.deprecated) info["deprecated"] = node.deprecated;
  if (schema || node.experimental) info["experimental"] = node.experimental;
  if (schema) {
    info["dev_only"] = false;
    info["api_node"] = false;
    info["price_badge"] = nullptr;
    info["essentials_category"] =
        node.essentials_category ? Json(*node.essentials_category) : Json();
    info["has_intermediate_output"] = false;
  }
  return info;
}

Json object_info(const Registry& registry, const ServicesRef& services) {
  Json all = Json::object();
  for (const NodeDef& node : registry.nodes()) all[node.id] = object_info(node, services);
  return all;
}

}  // namespace sagitta::graph
