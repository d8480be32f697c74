// Names from files in error messages: quoted, control characters escaped, and cut when they are
// long, so that a hostile file can neither flood nor steer a terminal.
#pragma once

#include <string>
#include <string_view>

namespace sagitta::io {

[[nodiscard]] std::string quote(std::string_view text);

}  // namespace sagitta::io
