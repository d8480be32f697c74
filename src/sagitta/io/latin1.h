// Latin-1, the text encoding of PNG's older chunks, and UTF-8, the encoding of everything else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sagitta::io {

[[nodiscard]] std::string latin1_to_utf8(std::string_view text);

// Nothing if a character lies above U+00FF or the text is no UTF-8.
[[nodiscard]] std::optional<std::string> utf8_to_latin1(std::string_view text);

inline constexpr char32_t kBrokenCharacter = 0xFFFFFFFF;
// The character at the front of a UTF-8 text, which becomes shorter; kBrokenCharacter if it is
// malformed. The text must not be empty.
[[nodiscard]] char32_t take_character(std::string_view& text);
void append_utf8(std::string& text, char32_t character);

// Well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace sagitta::io
