#include "sagitta/text/python_float.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>

#include "sagitta/text/unicode.h"

namespace sagitta::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Python turns white space and digits of other scripts into ASCII before it reads the number, but
// leaves pure ASCII as it is.
std::optional<std::string> to_ascii(std::string_view text) {
  const auto above_ascii = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::none_of(text.begin(), text.end(), above_ascii)) return std::string(text);
  std::string result;
  for (const char32_t c : decode_utf8(text)) {
    if (c < 0x7F) {
      result += static_cast<char>(c);
    } else if (is_space(c)) {
      result += ' ';
    } else if (const auto digit = decimal_digit(c)) {
      result += static_cast<char>('0' + *digit);
    } else {
      return std::nullopt;
    }
  }
  return result;
}

std::string_view strip(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Removes underscores; each must stand between two digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      result += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return result;
}

// Is the magnitude of a number that no double can hold too large, and not too small?
bool is_huge(std::string_view mantissa, std::string_view exponent) {
  constexpr std::int64_t kFar = 1'000'000'000;
  std::int64_t power = 0;
  if (!exponent.empty()) {
    const bool negative = exponent.front() == '-';
    if (exponent.front() == '-' || exponent.front() == '+') exponent.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    if (error != std::errc{} || power > kFar) power = kFar;
    if (negative) power = -power;
  }
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  const auto leading = mantissa.find_first_not_of("0.");
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(leading) + power > 0;
}

std::size_t count_digits(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// text: [digits] [. [digits]] [e [sign] digits], without a sign.
std::optional<double> unsigned_number(std::string_view text) {
  const std::size_t whole = count_digits(text);
  std::size_t mantissa = whole;
  if (mantissa < text.size() && text[mantissa] == '.')
    mantissa += 1 + count_digits(text.substr(mantissa + 1));
  const bool has_digits = whole > 0 || mantissa > 1;
  if (!has_digits) return std::nullopt;

  std::string_view exponent;
  if (mantissa < text.size()) {
    if (text[mantissa] != 'e' && text[mantissa] != 'E') return std::nullopt;
    exponent = text.substr(mantissa + 1);
    const bool sign = !exponent.empty() && (exponent[0] == '-' || exponent[0] == '+');
    const std::string_view digits = exponent.substr(sign ? 1 : 0);
    if (digits.empty() || count_digits(digits) != digits.size()) return std::nullopt;
  }

  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return is_huge(text.substr(0, mantissa), exponent) ? std::numeric_limits<double>::infinity()
                                                       : 0.0;
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
  };
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(), same);
}

}  // namespace

std::optional<double> python_float(std::string_view text) {
  const auto ascii = to_ascii(text);
  if (!ascii) return std::nullopt;
  const auto plain = without_underscores(strip(*ascii));
  if (!plain || plain->empty()) return std::nullopt;

  std::string_view number = *plain;
  const bool negative = number.front() == '-';
  if (number.front() == '-' || number.front() == '+') number.remove_prefix(1);

  std::optional<double> value;
  if (equals_ignoring_case(number, "inf") || equals_ignoring_case(number, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (equals_ignoring_case(number, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    value = unsigned_number(number);
  }
  if (value && negative) value = -*value;
  return value;
}

}  // namespace sagitta::text
