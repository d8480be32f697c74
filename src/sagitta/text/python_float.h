// Numbers as Python's float() reads them, since prompts were written for it.
#pragma once

#include <optional>
#include <string_view>

namespace sagitta::text {

// White space around the number, a sign, digits of any script, single underscores between digits,
// an exponent, "inf", "infinity" and "nan" in any case. Too large values are infinite, too small
// ones zero. nullopt where Python raises ValueError.
[[nodiscard]] std::optional<double> python_float(std::string_view text);

}  // namespace sagitta::text
