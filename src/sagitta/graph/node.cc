#include "sagitta/graph/node.h"

#include <algorithm>

namespace sagitta::graph {

bool Input::is_widget() const {
  const Json* const force = option("forceInput");
  if (force != nullptr && force->is_boolean() && force->get<bool>()) return false;
  return type == kCombo || type == "INT" || type == "FLOAT" || type == "STRING" ||
         type == "BOOLEAN";
}

const Json* Input::option(std::string_view key) const {
  if (!options) return nullptr;
  const auto it = options->find(key);
  return it == options->end() ? nullptr : &*it;
}

const Input* NodeDef::find_input(std::string_view name) const {
  const auto it = std::ranges::find(inputs, name, &Input::name);
  return it == inputs.end() ? nullptr : &*it;
}

Input socket(std::string name, std::string type, std::string_view tip) {
  Input made{.name = std::move(name), .type = std::move(type)};
  if (!tip.empty()) made.options = Json{{"tooltip", tip}};
  return made;
}

Input input(std::string name, std::string type, Json options) {
  return {.name = std::move(name), .type = std::move(type), .options = std::move(options)};
}

Input combo(std::string name, std::vector<std::string> entries, std::optional<Json> options) {
  return combo(
      std::move(name), [entries = std::move(entries)](const ServicesRef&) { return entries; },
      std::move(options));
}

Input combo(std::string name, Choices choices, std::optional<Json> options) {
  return {.name = std::move(name),
          .type = std::string(kCombo),
          .options = std::move(options),
          .choices = std::move(choices)};
}

Input optional(Input input) {
  input.section = Section::optional;
  return input;
}

Input hidden(std::string name, std::string type) {
  return {.name = std::move(name), .type = std::move(type), .section = Section::hidden};
}

std::vector<Input> with_option(std::vector<Input> inputs, std::string_view name,
                               const std::string& key, Json value) {
  const auto it = std::ranges::find(inputs, name, &Input::name);
  require(it != inputs.end(), Fault::internal, "with_option: there is no input \"{}\"", name);
  if (!it->options) it->options = Json::object();
  (*it->options)[key] = std::move(value);
  return inputs;
}

std::vector<std::string> choices_of(const Input& input, const ServicesRef& services) {
  return input.choices ? input.choices(services) : std::vector<std::string>{};
}

}  // namespace sagitta::graph
