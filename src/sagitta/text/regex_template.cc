#include "sagitta/text/regex_template.h"

#include "sagitta/base/error.h"

namespace sagitta::text {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length of the octal number of a character: \0, \01, \012, and \101 if it has three digits.
std::size_t octal_length(std::string_view text) {
  std::size_t count = 0;
  while (count < 3 && count < text.size() && is_octal(text[count])) ++count;
  const bool is_character = count > 0 && (text[0] == '0' || (count == 3 && text[0] <= '3'));
  return is_character ? count : 0;
}

std::string octal_character(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = value * 8 + static_cast<unsigned>(c - '0');
  if (value < 0x80) return {static_cast<char>(value)};
  return {static_cast<char>(0xC0U | value >> 6U), static_cast<char>(0x80U | (value & 0x3FU))};
}

std::string escaped(char c) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  const std::size_t at = kLetters.find(c);
  if (at != std::string_view::npos) return {kMeanings[at]};
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  require(!letter, Fault::bad_input, "bad escape \\{} in the replacement", c);
  return {'\\', c};
}

}  // namespace

std::vector<TemplatePart> read_template(
    std::string_view text,
    const std::function<std::optional<std::size_t>(std::string_view name)>& find_group) {
  std::vector<TemplatePart> parts;
  std::string plain;
  const auto add_group = [&](std::string_view name) {
    const std::optional<std::size_t> group = find_group(name);
    require(group.has_value(), Fault::bad_input,
            "the replacement names a group {}, which the pattern does not have", name);
    parts.push_back({std::move(plain), group});
    plain.clear();
  };
  while (!text.empty()) {
    if (text[0] != '\\') {
      plain += text[0];
      text.remove_prefix(1);
      continue;
    }
    require(text.size() > 1, Fault::bad_input, "the replacement ends in a backslash");
    const char c = text[1];
    std::size_t length = 2;
    if (c == 'g') {
      const std::size_t end = text.find('>');
      require(text.substr(2).starts_with('<') && end != std::string_view::npos && end > 3,
              Fault::bad_input, "\\g in the replacement is not followed by <name>");
      add_group(text.substr(3, end - 3));
      length = end + 1;
    } else if (const std::size_t octal = octal_length(text.substr(1)); octal > 0) {
      plain += octal_character(text.substr(1, octal));
      length = 1 + octal;
    } else if (is_digit(c)) {
      length = text.size() > 2 && is_digit(text[2]) ? 3 : 2;
      add_group(text.substr(1, length - 1));
    } else {
      plain += escaped(c);
    }
    text.remove_prefix(length);
  }
  parts.push_back({std::move(plain), std::nullopt});
  return parts;
}

}  // namespace sagitta::text
