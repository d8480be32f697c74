#include "sagitta/graph/dynamic.h"

#include <algorithm>

namespace sagitta::graph {

std::string member_name(std::string_view input, std::string_view member) {
  return fmt::format("{}.{}", input, member);
}

std::string_view short_name(const Input& member) {
  return std::string_view(member.name).substr(member.parent.size() + 1);
}

std::vector<Input> autogrow(const std::string& name, const std::string& type,
                            const std::string& prefix, int least, int most) {
  const Json member{{"required", {{prefix, Json::array({type, Json::object()})}}}};
  std::vector<Input> all{input(
      name, std::string(kAutogrow),
      {{"template", {{"input", member}, {"prefix", prefix}, {"min", least}, {"max", most}}}})};
  for (int i = 0; i < most; ++i) {
    Input one = socket(member_name(name, fmt::format("{}{}", prefix, i)), type);
    one.parent = name;
    if (i >= least) one.section = Section::optional;
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<Input> autogrow(const std::string& name, const std::string& type,
                            const std::vector<std::string>& names) {
  const Json member{{"required", {{"value", Json::array({type, Json::object()})}}}};
  std::vector<Input> all{input(name, std::string(kAutogrow),
                               {{"template", {{"input", member}, {"names", names}, {"min", 0}}}})};
  for (const std::string& each : names) {
    all.push_back(optional(socket(member_name(name, each), type)));
    all.back().parent = name;
  }
  return all;
}

std::vector<Input> dynamic_combo(const std::string& name, std::vector<std::string> entries,
                                 const std::vector<Member>& members, std::optional<Json> options) {
  std::vector<Input> all{combo(name, std::move(entries), std::move(options))};
  for (const Member& member : members) {
    Input one = member.input;
    one.name = member_name(name, one.name);
    one.parent = name;
    one.when = member.when;
    all.push_back(std::move(one));
  }
  return all;
}

bool has_members(const NodeDef& def, const Input& in) {
  return std::ranges::any_of(def.inputs, [&](const Input& one) { return one.parent == in.name; });
}

bool is_there(const PromptNode& node, const Input& in) {
  if (in.when.empty()) return true;
  const InputValue* const choice = node.find(in.parent);
  const Json* const literal = choice == nullptr ? nullptr : std::get_if<Json>(choice);
  if (literal == nullptr || !literal->is_string()) return choice != nullptr && literal == nullptr;
  return std::ranges::find(in.when, literal->get_ref<const std::string&>()) != in.when.end();
}

}  // namespace sagitta::graph
