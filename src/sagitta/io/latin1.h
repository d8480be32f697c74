// Latin-1, the text encoding of PNG's older chunks, and UTF-8, the encoding of everything else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sagitta::io {

[[nodiscard]] std::string latin1_to_utf8(std::string_view text);

// Nothing if a character lies above U+00FF or the text is no UTF-8.
[[nodiscard]] std::optional<std::string> utf8_to_latin1(std::string_view text);

// Well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace sagitta::io
