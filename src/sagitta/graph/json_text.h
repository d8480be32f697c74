// JSON texts from strangers: parsed within limits, and quoted in messages without flooding them.
#pragma once

#include "sagitta/base/json.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sagitta::graph {

// Nobody's workflow comes near these limits; a hostile one must not exhaust stack, memory or
// patience.
inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;
inline constexpr int kMaxJsonDepth = 100;
inline constexpr std::size_t kMaxJsonKeys = 10'000;  // of one object

// Parses a text. The bare words NaN and Infinity, which Python writes into pictures, become null.
// Throws Error{bad_input} that begins with `what` (e.g. the file's name) for broken JSON, a key
// that stands twice in one object, and texts beyond the limits.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view what);

// At most `limit` bytes from the beginning of a UTF-8 text, never ending inside a character.
[[nodiscard]] std::string_view head(std::string_view text, std::size_t limit);
// The text for a message: control characters escaped, cut after about 80 bytes.
[[nodiscard]] std::string escaped(std::string_view text);
// The same in double quotes.
[[nodiscard]] std::string in_quotes(std::string_view text);
// A JSON value for a message, cut likewise.
[[nodiscard]] std::string brief(const Json& value);

}  // namespace sagitta::graph
