#include "sagitta/text/python_case.h"

#include "sagitta/text/special_casing.h"
#include "sagitta/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace sagitta::text {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Characters with a case whose category is not that of a letter with one (Other_Lowercase,
// Other_Uppercase).
constexpr std::array<Range, 24> kOtherCased = {{
    {0xAA, 0xAA},       {0xBA, 0xBA},       {0x2B0, 0x2B8},     {0x2C0, 0x2C1},
    {0x2E0, 0x2E4},     {0x345, 0x345},     {0x37A, 0x37A},     {0x1D2C, 0x1D6A},
    {0x1D78, 0x1D78},   {0x1D9B, 0x1DBF},   {0x2071, 0x2071},   {0x207F, 0x207F},
    {0x2090, 0x209C},   {0x2160, 0x217F},   {0x24B6, 0x24E9},   {0x2C7C, 0x2C7D},
    {0xA69C, 0xA69D},   {0xA770, 0xA770},   {0xA7F8, 0xA7F9},   {0xAB5C, 0xAB5F},
    {0x10780, 0x107BA}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
}};

bool has_case(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return std::ranges::any_of(kOtherCased,
                                 [c](const Range& r) { return c >= r.first && c <= r.last; });
  }
}

void append_title(std::u32string& text, char32_t c) {
  if (const SpecialCasing* const special = find_special_casing(c)) {
    text += special->title;
  } else {
    text += static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c)));
  }
}

// Of the lower case of a character. lower() of a whole text knows the neighbours, which decide
// about a final sigma, and is taken apart by this.
std::size_t lower_length(char32_t c) { return c == U'\u0130' ? 2 : 1; }

}  // namespace

std::u32string upper(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (const SpecialCasing* const special = find_special_casing(c)) {
      out += special->upper;
    } else {
      out += static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return out;
}

std::u32string capitalized(std::u32string_view text) {
  if (text.empty()) return {};
  std::u32string out;
  append_title(out, text[0]);
  return out + lower(text).substr(lower_length(text[0]));
}

std::u32string title_case(std::u32string_view text) {
  const std::u32string small = lower(text);
  std::u32string out;
  std::size_t at = 0;  // in small
  bool in_word = false;
  for (const char32_t c : text) {
    const std::size_t length = lower_length(c);
    if (in_word) {
      out += small.substr(at, length);
    } else {
      append_title(out, c);
    }
    at += length;
    in_word = has_case(c);
  }
  return out;
}

}  // namespace sagitta::text
