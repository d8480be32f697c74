// The name that was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sagitta {

// The candidate closest in spelling, without regard to case; "" if none is close: more than half of
// the letters differ, or the name is longer than 100 bytes and comes from who knows where.
[[nodiscard]] std::string nearest(std::string_view name, std::span<const std::string> candidates);

}  // namespace sagitta
