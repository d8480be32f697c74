#include "sagitta/graph/check_inputs.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/literal.h"

#include <algorithm>
#include <utility>

namespace sagitta::graph {
namespace {

// a < b without the surprises of mixed signs.
bool less(const Json& a, const Json& b) {
  if (a.is_number_float() || b.is_number_float()) return a.get<double>() < b.get<double>();
  if (a.is_number_unsigned()) {
    const auto left = a.get<std::uint64_t>();
    return b.is_number_unsigned() ? std::cmp_less(left, b.get<std::uint64_t>())
                                  : std::cmp_less(left, b.get<std::int64_t>());
  }
  const auto left = a.get<std::int64_t>();
  return b.is_number_unsigned() ? std::cmp_less(left, b.get<std::uint64_t>())
                                : std::cmp_less(left, b.get<std::int64_t>());
}

std::string list_text(const std::vector<std::string>& entries) {
  constexpr std::size_t kMost = 60;
  if (entries.empty()) return "an empty list";
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(entries.size(), kMost); ++i)
    text += (i > 0 ? ", " : "") + entries[i];
  if (entries.size() > kMost) text += fmt::format(", ... ({} in all)", entries.size());
  return text + "]";
}

}  // namespace

bool types_match(std::string_view out, std::string_view in) {
  // Calls found(entry) for the entries of a list until one answers true.
  const auto any_entry = [](std::string_view list, const auto& found) {
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      if (found(list.substr(begin, end - begin))) return true;
      begin = end + 1;
    }
    return false;
  };
  return any_entry(out, [&](std::string_view left) {
    return any_entry(in, [&](std::string_view right) {
      return left == right || left == kAnyType || right == kAnyType;
    });
  });
}

bool is_grown(const NodeDef& node, const Input& in) {
  const std::size_t dot = in.name.find('.');
  if (dot == std::string::npos) return false;
  const Input* const root = node.find_input(std::string_view(in.name).substr(0, dot));
  return root != nullptr && root->type == kAutogrow;
}

std::optional<Problem> check_range(const Input& in, const Json& literal) {
  if (!literal.is_number()) return std::nullopt;
  const Json* const min = in.option("min");
  if (min != nullptr && min->is_number() && less(literal, *min)) {
    return Problem{"value_smaller_than_min",
                   fmt::format("Value {} smaller than min of {}", brief(literal), brief(*min)),
                   in.name};
  }
  const Json* const max = in.option("max");
  if (max != nullptr && max->is_number() && less(*max, literal)) {
    return Problem{"value_bigger_than_max",
                   fmt::format("Value {} bigger than max of {}", brief(literal), brief(*max)),
                   in.name};
  }
  return std::nullopt;
}

std::optional<Link> InputChecker::passed_on(const Link& link, std::string& type) const {
  type = std::string(kAnyType);
  const PromptNode* const node = prompt_.find(link.node);
  const NodeDef* const def = node == nullptr ? nullptr : registry_.find(node->class_type);
  if (def == nullptr || link.slot < 0 || !std::cmp_less(link.slot, def->outputs.size())) return {};
  type = def->outputs[static_cast<std::size_t>(link.slot)].type;
  if (type != kAnyType) return {};
  const auto is_any = [](const Input& in) { return in.type == kAnyType; };
  if (std::ranges::count_if(def->inputs, is_any) != 1) return {};
  const InputValue* const value = node->find(std::ranges::find_if(def->inputs, is_any)->name);
  const Link* const next = value == nullptr ? nullptr : std::get_if<Link>(value);
  return next == nullptr ? std::nullopt : std::optional<Link>(*next);
}

std::string InputChecker::type_of(Link link) {
  std::vector<Link> path;
  std::string type;
  while (true) {
    // The entry is made before its type is known, so that a ring of pass-through nodes ends here.
    const auto [known, is_new] = types_.try_emplace(link, kAnyType);
    if (!is_new) {
      type = known->second;
      break;
    }
    path.push_back(link);
    std::optional<Link> next = passed_on(link, type);
    if (!next) break;
    link = std::move(*next);
  }
  for (const Link& visited : path) types_[visited] = type;
  return type;
}

const std::vector<std::string>& InputChecker::entries(const Input& in) {
  const auto [it, is_new] = entries_.try_emplace(&in);
  if (is_new) it->second = choices_of(in, services_);
  return it->second;
}

std::optional<Problem> InputChecker::check_link(const Input& in, const Link& link,
                                                Json& extra_info) {
  extra_info["linked_node"] = Json::array({link.node, link.slot});
  const PromptNode* const from = prompt_.find(link.node);
  if (from == nullptr) {
    return Problem{"linked_node_missing", "Link to a node that does not exist",
                   fmt::format("{}: there is no node {}", in.name, in_quotes(link.node))};
  }
  const NodeDef* const def = registry_.find(from->class_type);
  if (def == nullptr) return std::nullopt;  // reported at that node
  if (link.slot < 0 || !std::cmp_less(link.slot, def->outputs.size())) {
    return Problem{"linked_slot_missing", "Link to an output that does not exist",
                   fmt::format("{}: {} has {} outputs, so there is no slot {}", in.name,
                               label(*from), def->outputs.size(), link.slot)};
  }
  const std::string received = type_of(link);
  if (types_match(received, in.type)) return std::nullopt;
  extra_info["received_type"] = received;
  return Problem{
      "return_type_mismatch", "Return type mismatch between linked nodes",
      fmt::format("{}, received_type({}) mismatch input_type({})", in.name, received, in.type)};
}

std::optional<Problem> InputChecker::check_literal(const Input& in, const Json& value,
                                                   Json& literals) {
  if (!in.is_widget() && in.type == kAnyType) {
    literals[in.name] = value;
    return std::nullopt;
  }
  if (value.is_array()) {
    return Problem{"bad_linked_input",
                   "Bad linked input, must be a length-2 list of [node_id, slot_index]",
                   fmt::format("{}: got {}", in.name, brief(value))};
  }
  if (!in.is_widget()) {
    return Problem{
        "invalid_input_type", fmt::format("An input of type {} needs a link", in.type),
        fmt::format("{}: expected a link like [\"4\", 0], got {}", in.name, brief(value))};
  }
  Literal literal = to_literal(value, in.type);
  if (!literal.problem.empty()) {
    return Problem{"invalid_input_type",
                   fmt::format("Failed to convert an input value to a {} value", in.type),
                   fmt::format("{}: {}", in.name, literal.problem)};
  }
  if (std::optional<Problem> problem = check_range(in, literal.value)) return problem;
  if (in.type == kCombo && !in.open_choices) {
    const std::vector<std::string>& all = entries(in);
    if (std::ranges::find(all, literal.value.get_ref<const std::string&>()) == all.end()) {
      return Problem{
          "value_not_in_list", "Value not in list",
          fmt::format("{}: {} not in {}", in.name, brief(literal.value), list_text(all))};
    }
  }
  literals[in.name] = std::move(literal.value);
  return std::nullopt;
}

std::optional<Problem> InputChecker::check_value(const PromptNode& node, const Input& in,
                                                 Json& literals, Json& extra_info) {
  const InputValue* const value = node.find(in.name);
  if (value == nullptr) {
    if (in.section != Section::required) return std::nullopt;
    return Problem{"required_input_missing", "Required input is missing", in.name};
  }
  if (const Link* const link = std::get_if<Link>(value)) return check_link(in, *link, extra_info);
  const Json& literal = std::get<Json>(*value);
  if (literal.is_null() && in.section == Section::optional) return std::nullopt;
  extra_info["received_value"] = literal;
  return check_literal(in, literal, literals);
}

void InputChecker::check(const PromptNode& node, const NodeDef& def, std::vector<Issue>& issues) {
  const std::size_t before = issues.size();
  NodeCall call{.node_id = node.id, .class_type = node.class_type, .services = services_};
  for (const Input& in : def.inputs) {
    if (in.section == Section::hidden || in.type == kAutogrow) continue;
    Json extra_info{{"input_name", in.name}};
    std::optional<Problem> problem;
    try {
      problem = check_value(node, in, call.literals, extra_info);
    } catch (const Error& error) {  // the entries of a COMBO could not be looked up
      problem = Problem{"exception_during_inner_validation", "Exception when validating inner node",
                        fmt::format("{}: {}", in.name, error.what())};
    }
    if (!problem) continue;
    issues.push_back({.node_id = node.id,
                      .class_type = node.class_type,
                      .title = node.title,
                      .input = in.name,
                      .type = std::move(problem->type),
                      .message = std::move(problem->message),
                      .details = std::move(problem->details),
                      .extra_info = std::move(extra_info)});
  }
  if (!def.check || issues.size() > before) return;
  try {
    def.check(call);
  } catch (const Error& error) {
    issues.push_back({.node_id = node.id,
                      .class_type = node.class_type,
                      .title = node.title,
                      .input = {},
                      .type = "custom_validation_failed",
                      .message = "Custom validation failed for node",
                      .details = error.what(),
                      .extra_info = Json::object()});
  }
}

}  // namespace sagitta::graph
