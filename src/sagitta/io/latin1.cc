#include "sagitta/io/latin1.h"

#include <cstddef>

namespace sagitta::io {
namespace {

constexpr char32_t kBroken = 0xFFFFFFFF;

// The character at the front of text, which becomes shorter; kBroken if it is malformed.
char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                                           : 4;
  if (length == 0 || length > text.size() || lead > 0xF4) return kBroken;
  char32_t character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return kBroken;
    character = (character << 6U) | (byte & 0x3FU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xD800 && character < 0xE000;
  if (character < kSmallest[length] || surrogate || character > 0x10FFFF) return kBroken;
  text.remove_prefix(length);
  return character;
}

}  // namespace

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (byte >> 6U));
      out += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return out;
}

std::optional<std::string> utf8_to_latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character > 0xFF) return std::nullopt;
    out += static_cast<char>(static_cast<unsigned char>(character));
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (take_character(text) == kBroken) return false;
  }
  return true;
}

}  // namespace sagitta::io
