// The replacement of Python's re.sub.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::text {

struct TemplatePart {
  std::string text;
  std::optional<std::size_t> group;  // what it matched comes behind the text
};

// Reads \1, \g<1>, \g<name>, \n and octal characters. `find_group` gives the number of a group, or
// nothing. Throws Error{bad_input} for unknown groups and escapes.
[[nodiscard]] std::vector<TemplatePart> read_template(
    std::string_view text,
    const std::function<std::optional<std::size_t>(std::string_view name)>& find_group);

}  // namespace sagitta::text
