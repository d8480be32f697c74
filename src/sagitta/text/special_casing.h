// Characters that become several in upper or title case (Unicode's SpecialCasing, without
// conditions).
#pragma once

#include <string_view>

namespace sagitta::text {

struct SpecialCasing {
  char32_t character = 0;
  std::u32string_view upper;
  std::u32string_view title;
};

// The row of a character, or nullptr if its cases are single characters.
[[nodiscard]] const SpecialCasing* find_special_casing(char32_t character);

}  // namespace sagitta::text
