#include "sagitta/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sagitta/base/error.h"

namespace sagitta::text {
namespace {

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }

bool is_ascii(std::u32string_view text) {
  return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

bool in(std::u32string_view set, char32_t c) { return set.find(c) != std::u32string_view::npos; }

// The property Case_Ignorable: marks, formats and modifiers, and the punctuation inside words
// (Word_Break = MidLetter, MidNumLet or Single_Quote).
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return in(
          U"'.:"
          U"\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A",
          c);
  }
}

// The property Cased, for code points that are not Case_Ignorable: letters with a case, and the
// ordinals, Roman numerals and circled or squared letters that count as such.
bool is_cased(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return c == 0xAA || c == 0xBA || (c >= 0x2160 && c <= 0x217F) ||
             (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
             (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
  }
}

// For every index: is the nearest code point before it that is not Case_Ignorable a cased one?
// Filled once in each direction, so that a run of sigmas and marks stays linear.
std::vector<bool> cased_before(std::u32string_view text) {
  std::vector<bool> result(text.size());
  bool cased = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    result[i] = cased;
    if (!is_case_ignorable(text[i])) cased = is_cased(text[i]);
  }
  return result;
}

// The canonical decomposition without the ordering of marks; every result keeps its class.
struct Marked {
  utf8proc_int32_t code_point = 0;
  int combining_class = 0;
};

std::vector<Marked> decompose(std::u32string_view text) {
  // The longest canonical decomposition of one code point has four code points.
  constexpr utf8proc_ssize_t kLongest = 8;
  std::vector<Marked> result;
  result.reserve(text.size());
  std::array<utf8proc_int32_t, kLongest> parts{};
  for (const char32_t c : text) {
    const auto n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), kLongest,
                                           UTF8PROC_DECOMPOSE, nullptr);
    require(n >= 0 && n <= kLongest, Fault::internal, "nfc: U+{:04X} does not decompose",
            static_cast<std::uint32_t>(c));
    for (const auto part : std::span(parts).first(static_cast<std::size_t>(n)))
      result.push_back({part, utf8proc_get_property(part)->combining_class});
  }
  return result;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t c = 0;
    const auto n = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(text.size() - i), &c);
    result.push_back(n > 0 ? static_cast<char32_t>(c) : kReplacement);
    i += n > 0 ? static_cast<std::size_t>(n) : 1;
  }
  return result;
}

std::string encode_utf8(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    const bool valid = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto n =
        utf8proc_encode_char(static_cast<utf8proc_int32_t>(valid ? c : kReplacement), bytes.data());
    result.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(n));
  }
  return result;
}

std::string valid_utf8(std::string_view text) { return encode_utf8(decode_utf8(text)); }

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) ||
         in(U"\u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000", c) || (c >= 0x2000 && c <= 0x200A);
}

std::vector<std::u32string_view> split_at_space(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !is_space(text[i])) continue;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return words;
}

bool is_letter(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

bool is_number(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL ||
         kind == UTF8PROC_CATEGORY_NO;
}

bool is_other(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
      return true;
    default:
      return false;
  }
}

bool is_space_separator(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ZS; }

std::optional<int> decimal_digit(char32_t c) {
  if (!is_decimal(c)) return std::nullopt;
  // Unicode keeps the digits of a script together in order, from 0 to 9, so the distance from the
  // beginning of the run is the value. No run of neighbouring scripts is longer than 50 digits.
  char32_t first = c;
  while (first > 0 && is_decimal(first - 1)) --first;
  return static_cast<int>((c - first) % 10);
}

std::u32string nfc(std::u32string_view text) {
  if (is_ascii(text)) return std::u32string(text);
  std::vector<Marked> marked = decompose(text);
  // utf8proc orders marks with an exchange sort, which a hostile text makes quadratic.
  for (auto begin = marked.begin(); begin != marked.end();) {
    const auto is_starter = [](const Marked& m) { return m.combining_class == 0; };
    begin = std::find_if_not(begin, marked.end(), is_starter);
    const auto end = std::find_if(begin, marked.end(), is_starter);
    std::stable_sort(begin, end, [](const Marked& a, const Marked& b) {
      return a.combining_class < b.combining_class;
    });
    begin = end;
  }
  std::vector<utf8proc_int32_t> composed;
  composed.reserve(marked.size());
  for (const Marked& m : marked) composed.push_back(m.code_point);
  const auto n =
      utf8proc_normalize_utf32(composed.data(), static_cast<utf8proc_ssize_t>(composed.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  require(n >= 0, Fault::internal, "nfc: {}", utf8proc_errmsg(n));
  return {composed.begin(), composed.begin() + n};
}

std::u32string lower(std::u32string_view text) {
  std::vector<bool> before;
  std::vector<bool> after;  // of the reversed text
  if (in(text, U'\u03A3')) {
    before = cased_before(text);
    after = cased_before(std::u32string(text.rbegin(), text.rend()));
  }
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == U'\u0130') {
      result += U"i\u0307";
    } else if (c == U'\u03A3') {
      result += before[i] && !after[text.size() - 1 - i] ? U'\u03C2' : U'\u03C3';
    } else {
      result += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return result;
}

}  // namespace sagitta::text
