#include "sagitta/text/clip_words.h"

#include <algorithm>
#include <array>

#include "sagitta/text/unicode.h"

namespace sagitta::text {
namespace {

bool is_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// Drops what is not text, makes all spaces alike and puts some around ideographs.
std::u32string clean(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    if (c == U'\t' || c == U'\n' || c == U'\r' || is_space_separator(c)) {
      result += U' ';
    } else if (c == kReplacement || is_other(c)) {
      continue;
    } else if (is_ideograph(c)) {
      result += {U' ', c, U' '};
    } else {
      result += c;
    }
  }
  return result;
}

bool starts_with(std::u32string_view text, std::string_view literal) {
  // The pattern ignores case, and the long s is the one other form of s that lower case leaves.
  const auto same = [](char l, char32_t c) {
    return static_cast<char32_t>(l) == (c == U'\u017F' ? U's' : c);
  };
  return text.size() >= literal.size() &&
         std::equal(literal.begin(), literal.end(), text.begin(), same);
}

// Length of the piece at the beginning of text: the first alternative of the pattern
//   special tokens | 's | 't | 're | 've | 'm | 'll | 'd | letters | one number | other characters
std::size_t piece_length(std::u32string_view text) {
  static constexpr std::array<std::string_view, 9> kLiterals = {
      kStartOfText, kEndOfText, "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (const std::string_view literal : kLiterals)
    if (starts_with(text, literal)) return literal.size();
  if (is_number(text.front())) return 1;
  const bool letters = is_letter(text.front());
  std::size_t length = 1;
  while (length < text.size() && is_letter(text[length]) == letters && !is_number(text[length]))
    ++length;
  return length;
}

void append_words(std::u32string_view text, std::vector<std::string>& words) {
  const std::u32string cleaned = nfc(clean(text));
  for (const std::u32string_view part : split_at_space(cleaned)) {
    const std::u32string word = lower(part);
    for (std::u32string_view rest = word; !rest.empty();) {
      const std::size_t length = piece_length(rest);
      words.push_back(encode_utf8(rest.substr(0, length)));
      rest.remove_prefix(length);
    }
  }
}

}  // namespace

std::vector<std::string> clip_words(std::string_view text) {
  static const std::u32string start_token = decode_utf8(kStartOfText);
  static const std::u32string end_token = decode_utf8(kEndOfText);
  const std::u32string decoded = decode_utf8(text);
  std::vector<std::string> words;
  std::u32string_view rest = decoded;
  // Special tokens are cut out of the raw text first, even from the middle of punctuation.
  std::size_t at = 0;
  while ((at = rest.find(U"<|", at)) != std::u32string_view::npos) {
    const std::u32string_view tail = rest.substr(at);
    const bool start = tail.starts_with(start_token);
    if (!start && !tail.starts_with(end_token)) {
      ++at;
      continue;
    }
    append_words(rest.substr(0, at), words);
    words.emplace_back(start ? kStartOfText : kEndOfText);
    rest = tail.substr(start ? start_token.size() : end_token.size());
    at = 0;
  }
  append_words(rest, words);
  return words;
}

}  // namespace sagitta::text
