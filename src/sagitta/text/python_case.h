// Cases of letters as Python's str has them.
#pragma once

#include <string>
#include <string_view>

namespace sagitta::text {

[[nodiscard]] std::u32string upper(std::u32string_view text);        // str.upper()
[[nodiscard]] std::u32string capitalized(std::u32string_view text);  // str.capitalize()
[[nodiscard]] std::u32string title_case(std::u32string_view text);   // str.title()

}  // namespace sagitta::text
