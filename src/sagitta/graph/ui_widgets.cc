#include "sagitta/graph/ui_widgets.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sagitta::graph {
namespace {

bool is_control_word(const Json& value) {
  static constexpr std::array<std::string_view, 5> kWords = {"fixed", "increment", "decrement",
                                                             "randomize", "increment-wrap"};
  return value.is_string() &&
         std::ranges::find(kWords, value.get_ref<const std::string&>()) != kWords.end();
}

// The interface adds a "control after generate" widget to inputs that ask for it and to all seeds.
bool has_control(const Input& in) {
  if (const Json* const control = in.option("control_after_generate")) {
    return !control->is_boolean() || control->get<bool>();
  }
  return in.type == "INT" && (in.name == "seed" || in.name == "noise_seed");
}

// What the interface shows before the user types anything; nothing if that is not known.
std::optional<Json> default_value(const Input& in, const ServicesRef& services) {
  if (const Json* const value = in.option("default")) return *value;
  if (in.type == "STRING") return Json("");
  if (in.type != kCombo) return std::nullopt;
  try {
    const std::vector<std::string> entries = choices_of(in, services);
    return entries.empty() ? std::nullopt : std::optional<Json>(entries.front());
  } catch (const Error&) {
    return std::nullopt;  // a folder that cannot be listed: validation says so where it matters
  }
}

// Whether a widget that comes with some entries of a choice is there, given the values before it.
bool is_chosen(const Input& in, const std::vector<std::pair<std::string, Json>>& values) {
  if (in.when.empty()) return true;
  const auto choice = std::ranges::find(values, in.parent, &std::pair<std::string, Json>::first);
  return choice != values.end() && choice->second.is_string() &&
         std::ranges::find(in.when, choice->second.get_ref<const std::string&>()) != in.when.end();
}

}  // namespace

std::vector<std::pair<std::string, Json>> widget_values(const UiNode& node, const NodeDef& def,
                                                        const ServicesRef& services) {
  const Json& stored = node.widgets_values;
  std::vector<std::pair<std::string, Json>> values;
  std::size_t position = 0;
  for (const Section section : {Section::required, Section::optional}) {
    for (const Input& in : def.inputs) {
      if (in.section != section || !in.is_widget() || !is_chosen(in, values)) continue;
      std::optional<Json> value;
      if (stored.is_array() && position < stored.size()) {
        value = stored[position++];
        if (has_control(in) && position < stored.size() && is_control_word(stored[position]))
          ++position;
      } else if (stored.is_object() && stored.contains(in.name)) {
        value = stored[in.name];
      }
      if (!value || value->is_null()) value = default_value(in, services);
      if (value) values.emplace_back(in.name, std::move(*value));
    }
  }
  return values;
}

std::optional<Json> primitive_value(const UiNode& node) {
  const Json& stored = node.widgets_values;
  if (stored.is_array() && !stored.empty()) return stored[0];
  if (stored.is_object() && stored.contains("value")) return stored["value"];
  return std::nullopt;
}

std::optional<Json> instance_value(const UiNode& instance, const UiInput& input) {
  const Json& stored = instance.widgets_values;
  if (stored.is_object() && stored.contains(input.name)) return stored[input.name];
  if (!stored.is_array()) return std::nullopt;
  if (!instance.promoted.empty()) return promoted_value(instance, "-1", input.name);
  std::size_t position = 0;
  for (const UiInput& other : instance.inputs) {
    if (&other == &input) break;
    if (other.is_widget) ++position;
  }
  if (!input.is_widget || position >= stored.size() || stored[position].is_null())
    return std::nullopt;
  return stored[position];
}

std::optional<Json> promoted_value(const UiNode& instance, std::string_view node_id,
                                   std::string_view widget) {
  const Json& stored = instance.widgets_values;
  if (!stored.is_array() || stored.size() != instance.promoted.size()) return std::nullopt;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto& [id, name] = instance.promoted[i];
    if (id == node_id && name == widget && !stored[i].is_null()) return stored[i];
  }
  return std::nullopt;
}

}  // namespace sagitta::graph
