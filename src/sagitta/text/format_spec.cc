#include "sagitta/text/format_spec.h"

#include "sagitta/base/error.h"
#include "sagitta/text/unicode.h"

#include <algorithm>
#include <cmath>

namespace sagitta::text {
namespace {

constexpr int kMost = 1000;

bool is_align(char32_t c) { return c == '<' || c == '>' || c == '^' || c == '='; }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(decode_utf8(text)), whole_(text) {}

  FormatSpec read() {
    FormatSpec spec;
    if (text_.size() > 1 && is_align(text_[1])) {
      spec.fill = text_[0];
      at_ = 1;
    }
    if (at_ < text_.size() && is_align(text_[at_])) spec.align = take();
    if (next_is(U"+- ")) spec.sign = take();
    if (next_is(U"#")) spec.alternate = take() == '#';
    if (next_is(U"0")) {
      take();
      if (spec.align == 0) {
        spec.fill = U"0";
        spec.align = '=';
      }
    }
    if (next_is_digit()) spec.width = number();
    if (next_is(U",_")) spec.group = take();
    if (next_is(U".")) {
      take();
      require(next_is_digit(), Fault::bad_input,
              "the format \"{}\" lacks a precision behind its point", whole_);
      spec.precision = number();
    }
    if (next_is(U"sdnxXobceEfFgG%")) spec.type = take();
    require(at_ == text_.size(), Fault::bad_input, "the format \"{}\" is not understood", whole_);
    return spec;
  }

 private:
  char take() { return static_cast<char>(text_[at_++]); }
  [[nodiscard]] bool next_is(std::u32string_view set) const {
    return at_ < text_.size() && set.find(text_[at_]) != std::u32string_view::npos;
  }
  [[nodiscard]] bool next_is_digit() const { return at_ < text_.size() && is_digit(text_[at_]); }
  int number() {
    int value = 0;
    while (next_is_digit()) {
      value = value * 10 + (take() - '0');
      require(value <= kMost, Fault::bad_input, "the format \"{}\" asks for more than {} places",
              whole_, kMost);
    }
    return value;
  }

  std::u32string text_;
  std::string_view whole_;
  std::size_t at_ = 0;
};

// A number in parts, so that signs, zeros and separators find their places.
struct Number {
  bool negative = false;
  std::string prefix{};  // 0x
  std::string digits{};  // before the point
  std::string rest{};    // from the point or exponent on
};

std::string grouped(const std::string& digits, char separator, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % size == 0) out += separator;
    out += digits[i];
  }
  return out;
}

std::string padded(const std::string& text, const FormatSpec& spec, char align) {
  const std::size_t length = decode_utf8(text).size();
  const auto width = static_cast<std::size_t>(spec.width);
  if (length >= width) return text;
  const std::size_t missing = width - length;
  const std::size_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  const std::string fill = encode_utf8(spec.fill);
  std::string out;
  for (std::size_t i = 0; i < left; ++i) out += fill;
  out += text;
  for (std::size_t i = left; i < missing; ++i) out += fill;
  return out;
}

std::string finish(Number number, const FormatSpec& spec, std::size_t group_size) {
  const std::string sign = number.negative    ? "-"
                           : spec.sign == '+' ? "+"
                           : spec.sign == ' ' ? " "
                                              : "";
  const std::string head = sign + number.prefix;
  const char align = spec.align == 0 ? '>' : spec.align;
  const bool zeros = align == '=' && spec.fill == U"0";
  const auto width = static_cast<std::size_t>(spec.width);
  if (spec.group != 0) {
    // Zeros that fill up are grouped like the number's own.
    const auto length = [&] {
      const std::size_t digits = number.digits.size();
      return head.size() + digits + (digits - 1) / group_size + number.rest.size();
    };
    while (zeros && length() < width) number.digits.insert(0, 1, '0');
    number.digits = grouped(number.digits, spec.group, group_size);
  }
  const std::string body = number.digits + number.rest;
  if (align != '=') return padded(head + body, spec, align);
  FormatSpec inner = spec;
  inner.width = std::max(spec.width - static_cast<int>(head.size()), 0);
  return head + padded(body, inner, '>');
}

std::string format_integer(bool negative, std::uint64_t size, const FormatSpec& spec) {
  Number number{.negative = negative};
  std::size_t group_size = 4;
  switch (spec.type) {
    case 'x':
      number.digits = fmt::format("{:x}", size);
      break;
    case 'X':
      number.digits = fmt::format("{:X}", size);
      break;
    case 'o':
      number.digits = fmt::format("{:o}", size);
      break;
    case 'b':
      number.digits = fmt::format("{:b}", size);
      break;
    default:
      number.digits = fmt::to_string(size);
      group_size = 3;
  }
  if (spec.alternate && group_size == 4) number.prefix = std::string("0") + spec.type;
  require(spec.group != ',' || group_size == 3, Fault::bad_input, "',' does not go with '{}'",
          spec.type);
  return finish(std::move(number), spec, group_size);
}

std::string format_double(double value, const FormatSpec& spec) {
  Number number{.negative = std::signbit(value)};
  const double size = std::abs(value);
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  std::string text;
  switch (spec.type) {
    case 'e':
      text = fmt::format("{:.{}e}", size, precision);
      break;
    case 'E':
      text = fmt::format("{:.{}E}", size, precision);
      break;
    case 'f':
    case 'F':
      text = fmt::format("{:.{}f}", size, precision);
      break;
    case '%':
      text = fmt::format("{:.{}f}%", size * 100, precision);
      break;
    case 'G':
      text = fmt::format("{:.{}G}", size, std::max(precision, 1));
      break;
    case 0:
      if (spec.precision < 0) {
        text = python_str(size);
        break;
      }
      text = fmt::format("{:.{}g}", size, std::max(precision, 1));
      if (std::isfinite(size) && text.find_first_of(".e") == std::string::npos) text += ".0";
      break;
    default:
      text = fmt::format("{:.{}g}", size, std::max(precision, 1));
  }
  const std::size_t point = std::min(text.find_first_not_of("0123456789"), text.size());
  number.digits = text.substr(0, point);
  number.rest = text.substr(point);
  if (number.digits.empty()) std::swap(number.digits, number.rest);  // inf, nan
  return finish(std::move(number), spec, 3);
}

std::string format_text(const std::string& text, const FormatSpec& spec) {
  const bool fits = (spec.type == 0 || spec.type == 's') && spec.align != '=' && spec.sign == '-' &&
                    spec.group == 0 && !spec.alternate;
  require(fits, Fault::bad_input, "the format suits numbers, but the value is a text");
  std::u32string shown = decode_utf8(text);
  if (spec.precision >= 0)
    shown.resize(std::min<std::size_t>(shown.size(), static_cast<std::size_t>(spec.precision)));
  return padded(encode_utf8(shown), spec, spec.align == 0 ? '<' : spec.align);
}

}  // namespace

FormatSpec parse_format_spec(std::string_view text) { return Reader(text).read(); }

std::string format_value(const PlainValue& value, const FormatSpec& spec) {
  if (const auto* const text = std::get_if<std::string>(&value)) return format_text(*text, spec);
  require(spec.type != 's', Fault::bad_input, "the format suits texts, but the value is a number");
  const std::string_view float_types = "eEfFgG%";
  const bool as_float = spec.type != 0 && float_types.find(spec.type) != std::string_view::npos;
  if (const double* const number = std::get_if<double>(&value)) {
    require(as_float || spec.type == 0 || spec.type == 'n', Fault::bad_input,
            "'{}' suits whole numbers, but the value is {}", spec.type, *number);
    require(!spec.alternate, Fault::bad_input, "'#' is not understood for the number {}", *number);
    return format_double(*number, spec);
  }
  const auto* const whole = std::get_if<std::int64_t>(&value);
  const bool negative = whole != nullptr && *whole < 0;
  std::uint64_t size = 0;
  if (const bool* const truth = std::get_if<bool>(&value)) size = *truth ? 1 : 0;
  if (whole != nullptr)
    size = negative ? 0 - static_cast<std::uint64_t>(*whole) : static_cast<std::uint64_t>(*whole);
  if (const auto* const number = std::get_if<std::uint64_t>(&value)) size = *number;
  if (as_float) {
    const auto number = static_cast<double>(size);
    return format_double(negative ? -number : number, spec);
  }
  require(spec.precision < 0, Fault::bad_input, "a precision does not suit the whole number {}",
          size);
  if (spec.type == 'c') {
    require(!negative && size <= 0x10FFFF, Fault::bad_input, "{} is no character", size);
    return padded(encode_utf8(std::u32string(1, static_cast<char32_t>(size))), spec,
                  spec.align == 0 ? '<' : spec.align);
  }
  return format_integer(negative, size, spec);
}

}  // namespace sagitta::text
