// Inputs that consist of members, which workflows call "input.member": lists that grow with their
// links, and choices that bring inputs of their own. NodeDef::inputs has the members behind the
// input they belong to; only /object_info prints them as a part of it.
#pragma once

#include "sagitta/graph/node.h"
#include "sagitta/graph/prompt.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::graph {

// The type of a list that grows. It has no value of its own.
inline constexpr std::string_view kAutogrow = "COMFY_AUTOGROW_V3";
// What /object_info calls a COMBO with members.
inline constexpr std::string_view kDynamicCombo = "COMFY_DYNAMICCOMBO_V3";

// "input.member".
[[nodiscard]] std::string member_name(std::string_view input, std::string_view member);
// The other way: the part behind the name of the input that a member belongs to.
[[nodiscard]] std::string_view short_name(const Input& member);

// `least` to `most` sockets of one type: name.prefix0, name.prefix1, ...
[[nodiscard]] std::vector<Input> autogrow(const std::string& name, const std::string& type,
                                          const std::string& prefix, int least, int most);

// Any number of optional sockets of one type with these names: name.a, name.b, ...
[[nodiscard]] std::vector<Input> autogrow(const std::string& name, const std::string& type,
                                          const std::vector<std::string>& names);

// An input that is there with some of the entries of a choice.
struct Member {
  Input input;
  std::vector<std::string> when;
};
[[nodiscard]] std::vector<Input> dynamic_combo(const std::string& name,
                                               std::vector<std::string> entries,
                                               const std::vector<Member>& members,
                                               std::optional<Json> options = std::nullopt);

// Whether the input has members.
[[nodiscard]] bool has_members(const NodeDef& def, const Input& in);

// Whether the input is there in this node of a prompt: always, unless it is a member for which the
// choice has to be another. A choice that comes over a link may be any.
[[nodiscard]] bool is_there(const PromptNode& node, const Input& in);

}  // namespace sagitta::graph
