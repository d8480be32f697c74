#include "sagitta/io/latin1.h"

#include <cstddef>

namespace sagitta::io {

char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                                           : 4;
  if (length == 0 || length > text.size() || lead > 0xF4) return kBrokenCharacter;
  char32_t character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return kBrokenCharacter;
    character = (character << 6U) | (byte & 0x3FU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xD800 && character < 0xE000;
  if (character < kSmallest[length] || surrogate || character > 0x10FFFF) return kBrokenCharacter;
  text.remove_prefix(length);
  return character;
}

void append_utf8(std::string& text, char32_t character) {
  const auto trailing = [](char32_t bits) { return static_cast<char>(0x80U | (bits & 0x3FU)); };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += {static_cast<char>(0xC0U | (character >> 6U)), trailing(character)};
  } else if (character < 0x10000) {
    text += {static_cast<char>(0xE0U | (character >> 12U)), trailing(character >> 6U),
             trailing(character)};
  } else {
    text += {static_cast<char>(0xF0U | (character >> 18U)), trailing(character >> 12U),
             trailing(character >> 6U), trailing(character)};
  }
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
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
    if (take_character(text) == kBrokenCharacter) return false;
  }
  return true;
}

}  // namespace sagitta::io
