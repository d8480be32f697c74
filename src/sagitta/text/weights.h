// The weight notation of prompts: "(text)" and "(text:1.3)", as ComfyUI reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::text {

struct Segment {
  std::string text;   // valid UTF-8, with escapes resolved, never empty
  double weight = 1;  // may be any value that float() reads: negative, zero, infinite, not a number

  bool operator==(const Segment&) const = default;
};

// "(text)" multiplies the weight around it by 1.1; "(text:w)" sets it to w. Parentheses nest to any
// depth. The last colon counts unless it stands first, and only if a number follows it. Unbalanced
// parentheses are text, and so are "\(" and "\)". Invalid UTF-8 becomes U+FFFD. Linear in the text.
[[nodiscard]] std::vector<Segment> parse_weights(std::string_view prompt);

}  // namespace sagitta::text
