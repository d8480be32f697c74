// Texts searched and changed by regular expressions, filled-in formats, and JSON.
#include "sagitta/graph/dynamic.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/nodes/text_nodes.h"
#include "sagitta/nodes/value_text.h"
#include "sagitta/text/regex.h"

#include <map>
#include <utility>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeDef;

text::Regex pattern_of(const NodeCall& call) {
  const auto flag = [&](std::string_view name) { return call.has(name) && call.boolean(name); };
  return text::Regex(call.text("regex_pattern"), {.ignore_case = flag("case_insensitive"),
                                                  .multiline = flag("multiline"),
                                                  .dotall = flag("dotall")});
}

// A pattern that is none matches nothing, as in ComfyUI; one that takes too long is an error.
std::optional<text::Regex> pattern_if_sound(const NodeCall& call) {
  try {
    return pattern_of(call);
  } catch (const Error& error) {
    if (error.fault() != Fault::bad_input) throw;
    return std::nullopt;
  }
}

bool match(const NodeCall& call) {
  const std::optional<text::Regex> regex = pattern_if_sound(call);
  return regex && regex->search(call.text("string")).has_value();
}

std::string extract(const NodeCall& call) {
  const std::optional<text::Regex> regex = pattern_if_sound(call);
  if (!regex) return {};
  const std::string& mode = call.text("mode");
  const bool all = mode == "All Matches" || mode == "All Groups";
  // With groups in the pattern, Python's findall gives the first of them.
  std::size_t group = 0;
  if (mode == "All Matches" && regex->group_count() > 0) group = 1;
  if (mode == "First Group" || mode == "All Groups") {
    group = static_cast<std::size_t>(call.integer("group_index"));
    const bool needs_groups = mode == "All Groups" && regex->group_count() == 0;
    if (group > regex->group_count() || needs_groups) return {};
  }
  std::string out;
  bool first = true;
  for (const text::RegexMatch& found : regex->find_all(call.text("string"), all ? 0 : 1)) {
    if (!first) out += '\n';
    first = false;
    out += found.groups[group].value_or(std::string_view());
    require_text_size(out);
  }
  return out;
}

std::string replace(const NodeCall& call) {
  const auto count = call.has("count") ? static_cast<std::size_t>(call.integer("count")) : 0;
  return pattern_of(call).replace(call.text("string"), call.text("replace"), count);
}

// Of the top level only; "" for what is not there.
std::string extract_json(const NodeCall& call) {
  Json json;
  try {
    json = graph::parse_json(call.text("json_string"), "json_string");
  } catch (const Error&) {
    return {};
  }
  if (!json.is_object()) return {};
  const auto it = json.find(call.text("key"));
  return it == json.end() || it->is_null() ? std::string() : python_text(*it);
}

std::vector<graph::Input> with_flags(std::vector<graph::Input> all) {
  for (const auto& [name, value] :
       {std::pair("case_insensitive", true), {"multiline", false}, {"dotall", false}}) {
    all.push_back(advanced(bool_widget(name, value)));
  }
  return all;
}

graph::Input count_widget(const char* name, std::int64_t value) {
  return advanced(int_widget(name, value, 0, 100));
}

NodeDef replace_node() {
  std::vector<graph::Input> all =
      with_flags({multiline("string"), multiline("regex_pattern"), multiline("replace")});
  all.push_back(count_widget("count", 0));
  for (std::size_t i = 3; i < all.size(); ++i) all[i] = graph::optional(std::move(all[i]));
  return text_node("RegexReplace", "Replace Text (Regex)",
                   "Replaces what a regular expression matches.", std::move(all),
                   {.type = "STRING"}, replace);
}

NodeDef extract_node() {
  std::vector<graph::Input> all = with_flags(
      {multiline("string"), multiline("regex_pattern"),
       graph::combo("mode", {"First Match", "All Matches", "First Group", "All Groups"})});
  all.push_back(count_widget("group_index", 1));
  return text_node("RegexExtract", "Extract Text", "What a regular expression matches.",
                   std::move(all), {.type = "STRING"}, extract);
}

constexpr std::string_view kNames = "abcdefghijklmnopqrstuvwxyz";

std::string format(const NodeCall& call) {
  std::map<std::string, text::PlainValue, std::less<>> values;
  for (const char name : kNames) {
    if (const std::optional<Json> value = json_value(call, graph::member_name("values", std::string_view(&name, 1)))) {
      values.emplace(std::string(1, name), plain_value(*value));
    }
  }
  return text::python_format(call.text("f_string"),
                             [&](std::string_view name) -> const text::PlainValue* {
                               const auto it = values.find(name);
                               return it == values.end() ? nullptr : &it->second;
                             });
}

NodeDef format_node() {
  std::vector<std::string> names;
  for (const char name : kNames) names.emplace_back(1, name);
  std::vector<graph::Input> all = graph::autogrow("values", std::string(graph::kAnyType), names);
  all.push_back(graph::input("f_string", "STRING", {{"default", "{a}"}, {"multiline", true}}));
  return text_node("StringFormat", "Format Text",
                   "Fills values into a text, with Python's format specifications.", std::move(all),
                   {.type = "STRING"}, format);
}

}  // namespace

std::vector<NodeDef> text_pattern_nodes() {
  return {
      text_node("RegexMatch", "Match Text", "Whether a regular expression matches anywhere.",
                with_flags({multiline("string"), multiline("regex_pattern")}),
                {.type = "BOOLEAN", .name = "matches"}, match),
      extract_node(), replace_node(), format_node(),
      text_node("JsonExtractString", "Extract Text from JSON", "A value of a JSON object.",
                {multiline("json_string"), graph::input("key", "STRING", {{"multiline", false}})},
                {.type = "STRING"}, extract_json)};
}

}  // namespace sagitta::nodes
