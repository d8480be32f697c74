// From parameter structs that describe themselves (base/fields.h) to widgets of a node and back, so
// that defaults, ranges and tooltips of code, command line and /object_info cannot disagree.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/graph/node.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace sagitta::graph {

namespace detail {

// Options of one field. `step` and `round` are left out when 0. Limits beyond the type are cut to
// it.
Json integer_options(std::int64_t value, const Range& range, std::int64_t lowest,
                     std::int64_t highest);
Json unsigned_options(std::uint64_t value, const Range& range, std::uint64_t highest);
// `value` is printed with the shortest digits that give the same float, so that 0.1F becomes 0.1.
Json float_options(float value, const Range& range);
Json double_options(double value, const Range& range);
void add_tooltip(Json& options, std::string_view tip);
// Throws Error{bad_input} unless min <= value <= max.
void require_in_range(std::string_view name, double value, const Range& range);

template <class T>
Json options_for(const T& value, const Range& range) {
  if constexpr (std::same_as<T, bool> || std::same_as<T, std::string>) {
    return Json{{"default", value}};
  } else if constexpr (std::same_as<T, float>) {
    return float_options(value, range);
  } else if constexpr (std::floating_point<T>) {
    return double_options(value, range);
  } else if constexpr (std::unsigned_integral<T>) {
    return unsigned_options(value, range, std::numeric_limits<T>::max());
  } else {
    static_assert(std::signed_integral<T>,
                  "fields are bool, integers, float, double or std::string");
    return integer_options(value, range, std::numeric_limits<T>::min(),
                           std::numeric_limits<T>::max());
  }
}

template <class T>
constexpr const char* widget_type() {
  if constexpr (std::same_as<T, bool>) return "BOOLEAN";
  if constexpr (std::same_as<T, std::string>) return "STRING";
  if constexpr (std::floating_point<T>) return "FLOAT";
  return "INT";
}

}  // namespace detail

// One required widget for every field of Params, in order; the defaults are those of Params{}.
template <class Params>
[[nodiscard]] std::vector<Input> widgets() {
  std::vector<Input> all;
  const Params defaults{};
  for_each_field(defaults, [&](const auto& f, const auto& value) {
    using T = std::remove_cvref_t<decltype(value)>;
    Json options = detail::options_for<T>(value, f.range);
    detail::add_tooltip(options, f.tip);
    if constexpr (std::same_as<T, std::string>) {
      if (!f.range.choices.empty()) {
        all.push_back(combo(std::string(f.name), {f.range.choices.begin(), f.range.choices.end()},
                            std::move(options)));
        return;
      }
    }
    all.push_back(input(std::string(f.name), detail::widget_type<T>(), std::move(options)));
  });
  return all;
}

// Params from the literals of a call. Absent inputs keep their defaults; a value of the wrong type
// or outside its range throws Error{bad_input}.
template <class Params>
[[nodiscard]] Params read(const NodeCall& call) {
  Params params{};
  for_each_field(params, [&](const auto& f, auto& value) {
    using T = std::remove_cvref_t<decltype(value)>;
    if (!call.has(f.name)) return;
    if constexpr (std::same_as<T, bool>) {
      value = call.boolean(f.name);
    } else if constexpr (std::same_as<T, std::string>) {
      value = call.text(f.name);
    } else {
      if constexpr (std::floating_point<T>) {
        const double number = call.number(f.name);
        detail::require_in_range(f.name, number, f.range);
        value = static_cast<T>(number);
      } else if constexpr (std::unsigned_integral<T>) {
        const std::uint64_t number = call.seed(f.name);
        detail::require_in_range(f.name, static_cast<double>(number), f.range);
        require(number <= std::numeric_limits<T>::max(), Fault::bad_input, "{} = {} is too large",
                f.name, number);
        value = static_cast<T>(number);
      } else {
        const std::int64_t number = call.integer(f.name);
        detail::require_in_range(f.name, static_cast<double>(number), f.range);
        require(std::in_range<T>(number), Fault::bad_input, "{} = {} is too large", f.name, number);
        value = static_cast<T>(number);
      }
    }
  });
  return params;
}

}  // namespace sagitta::graph
