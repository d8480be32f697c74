// Unicode as the Python tokenizers see it: code points, categories, NFC and lower case.
// Everything here is total: no text makes it fail.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::text {

inline constexpr char32_t kReplacement = U'\uFFFD';

// Reads UTF-8. Bytes that are not UTF-8 (also surrogates and overlong forms) become U+FFFD.
[[nodiscard]] std::u32string decode_utf8(std::string_view text);

// Writes UTF-8. Values that are not Unicode scalar values become U+FFFD.
[[nodiscard]] std::string encode_utf8(std::u32string_view text);

// The same text with every invalid byte sequence replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

// What Python's str.isspace() accepts, which is also \s of its regular expressions.
[[nodiscard]] bool is_space(char32_t c);

// The words of the text as Python's str.split() gives them: parts without white space, never empty.
[[nodiscard]] std::vector<std::u32string_view> split_at_space(std::u32string_view text);

[[nodiscard]] bool is_letter(char32_t c);           // \p{L}
[[nodiscard]] bool is_number(char32_t c);           // \p{N}
[[nodiscard]] bool is_other(char32_t c);            // \p{C}: controls, formats, private, unassigned
[[nodiscard]] bool is_space_separator(char32_t c);  // \p{Zs}

// 0 to 9 for a decimal digit of any script.
[[nodiscard]] std::optional<int> decimal_digit(char32_t c);

// Canonical composition (NFC) in O(n log n), whatever the order of the combining marks.
[[nodiscard]] std::u32string nfc(std::u32string_view text);

// Python's str.lower(): with U+0130 as two code points and the final form of sigma.
[[nodiscard]] std::u32string lower(std::u32string_view text);

}  // namespace sagitta::text
