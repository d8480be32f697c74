#include "sagitta/graph/literal.h"

#include "sagitta/graph/json_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>

namespace sagitta::graph {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<Json> integer_of_double(double value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (std::trunc(value) != value) return std::nullopt;  // also NaN
  if (value >= -kTwoTo63 && value < 0) return Json(static_cast<std::int64_t>(value));
  if (value >= 0 && value < 2 * kTwoTo63) return Json(static_cast<std::uint64_t>(value));
  return std::nullopt;
}

std::optional<Json> to_integer(const Json& value) {
  if (value.is_number_integer()) return value;
  if (value.is_number_float()) return integer_of_double(value.get<double>());
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (const auto number = parse_whole<std::uint64_t>(text)) return Json(*number);
  if (const auto number = parse_whole<std::int64_t>(text)) return Json(*number);
  if (const auto number = parse_whole<double>(text)) return integer_of_double(*number);
  return std::nullopt;
}

std::optional<Json> to_number(const Json& value) {
  std::optional<double> number;
  if (value.is_number()) number = value.get<double>();
  if (value.is_string()) number = parse_whole<double>(value.get_ref<const std::string&>());
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return Json(*number);
}

std::optional<Json> to_boolean(const Json& value) {
  if (value.is_boolean()) return value;
  if (value.is_number()) {
    const auto number = value.get<double>();
    if (number == 0 || number == 1) return Json(number == 1);
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "false" || text == "False") return Json(false);
    if (text == "true" || text == "True") return Json(true);
  }
  return std::nullopt;
}

std::optional<Json> to_text(const Json& value) {
  if (value.is_string()) return value;
  if (value.is_number() || value.is_boolean()) return Json(value.dump());
  return std::nullopt;
}

template <class T>
bool take(const std::any& value, std::optional<Json>& out) {
  if (const T* const typed = std::any_cast<T>(&value)) out = Json(*typed);
  return out.has_value();
}

}  // namespace

Literal to_literal(const Json& value, std::string_view type) {
  std::optional<Json> converted;
  std::string_view expected;
  if (type == "INT") {
    converted = to_integer(value);
    expected = "an integer";
  } else if (type == "FLOAT") {
    converted = to_number(value);
    expected = "a finite number";
  } else if (type == "BOOLEAN") {
    converted = to_boolean(value);
    expected = "true or false";
  } else if (type == "STRING" || type == "COMBO") {
    converted = to_text(value);
    expected = "a text";
  } else {
    converted = value;
  }
  if (converted) return {.value = std::move(*converted), .problem = {}};
  return {.value = {}, .problem = fmt::format("expected {}, got {}", expected, brief(value))};
}

std::optional<Json> literal_from(const std::any& value) {
  std::optional<Json> out;
  const bool found = take<std::int64_t>(value, out) || take<std::uint64_t>(value, out) ||
                     take<int>(value, out) || take<double>(value, out) || take<float>(value, out) ||
                     take<bool>(value, out) || take<std::string>(value, out) ||
                     take<Json>(value, out);
  return found ? out : std::nullopt;
}

}  // namespace sagitta::graph
