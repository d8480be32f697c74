#include "axis.h"

#include "sagitta/base/error.h"

#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <system_error>

namespace sagitta::cli {
namespace {

constexpr int kLoads = 2;
constexpr int kEncodes = 1;

constexpr std::array kTexts = {
    ParameterText{"model", "", "model", "{}", kLoads, true},
    ParameterText{"lora", "", "LoRA", "LoRA {}", kLoads, false},
    ParameterText{"lora-strength", "", "LoRA strength", "LoRA strength {}", kLoads, false},
    ParameterText{"prompt", "", "prompt", "\u201C{}\u201D", kEncodes, false},
    ParameterText{"negative", "", "negative prompt", "not \u201C{}\u201D", kEncodes, false},
    ParameterText{"clip-skip", "", "CLIP skip", "CLIP skip {}", kEncodes, false},
    ParameterText{"size", "", "size", "{}", 0, true},
    ParameterText{"image", "", "start picture", "from {}", 0, false},
    ParameterText{"sampler", "", "sampler", "{}", 0, true},
    ParameterText{"scheduler", "", "scheduler", "{}", 0, true},
    ParameterText{"steps", "", "steps", "{} steps", 0, true},
    ParameterText{"cfg", "", "CFG scale", "CFG {}", 0, true},
    ParameterText{"seed", "", "seed", "seed {}", 0, true},
    ParameterText{"sag", "", "SAG scale", "SAG {}", 0, false},
    ParameterText{"sag-blur", "blur", "SAG blur", "SAG blur {}", 0, false},
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// The values from first to last; nothing if these are no numbers of that kind.
template <class Number>
std::optional<std::vector<std::string>> steps_of(std::string_view first, std::string_view last,
                                                 std::string_view step) {
  constexpr double kMostValues = 1000;
  constexpr double kRounding = 1e-9;  // 0..1:0.1 reaches 1
  const auto from = number<Number>(first);
  const auto to = number<Number>(last);
  const auto by = number<Number>(step);
  if (!from || !to || !by) return std::nullopt;
  const double count =
      (static_cast<double>(*to) - static_cast<double>(*from)) / static_cast<double>(*by);
  require(
      *by > 0 && count >= 0 && count < kMostValues, Fault::bad_input,
      "range {}..{}:{}: expected a first and a larger last value, and a step above 0 that makes "
      "at most {} values",
      first, last, step, kMostValues);
  std::vector<std::string> values;
  for (int i = 0; i <= static_cast<int>(count + kRounding); ++i) {
    values.push_back(
        fmt::format("{:.9g}", static_cast<double>(*from) + i * static_cast<double>(*by)));
    if constexpr (std::is_integral_v<Number>) {
      values.back() = std::to_string(*from + static_cast<Number>(i) * *by);
    }
  }
  return values;
}

// "1..4" or "0..1:0.25", or the text itself.
std::vector<std::string> expanded(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return {std::string(text)};
  const std::string_view first = text.substr(0, dots);
  std::string_view last = text.substr(dots + 2);
  std::string_view step = "1";
  if (const std::size_t colon = last.find(':'); colon != std::string_view::npos) {
    step = last.substr(colon + 1);
    last = last.substr(0, colon);
  }
  if (const auto whole = steps_of<std::uint64_t>(first, last, step)) return *whole;
  if (const auto real = steps_of<double>(first, last, step)) return *real;
  return {std::string(text)};
}

}  // namespace

Axis parse_axis(const std::string& text, const NamedSettings& settings) {
  const std::size_t equals = text.find('=');
  require(equals != std::string::npos, Fault::bad_input,
          "axis \"{}\": expected a parameter and its values, such as sag=0,0.25,0.5", text);
  std::string name(trimmed(std::string_view(text).substr(0, equals)));
  for (const ParameterText& row : kTexts) {
    if (!row.alias.empty() && name == row.alias) name = row.name;
  }
  require(settings.contains(name), Fault::bad_input, "there is no parameter \"{}\"; there are: {}",
          name, fmt::join(settings.names(), ", "));

  Axis axis{.parameter = name, .values = {}};
  std::string_view rest = std::string_view(text).substr(equals + 1);
  const char separator = rest.find('|') == std::string_view::npos ? ',' : '|';
  while (true) {
    const std::size_t end = rest.find(separator);
    const std::string_view value = trimmed(rest.substr(0, end));
    require(!value.empty() || separator == '|', Fault::bad_input, "axis \"{}\" has an empty value",
            text);
    if (settings.is_number(name)) {
      const std::vector<std::string> values = expanded(value);
      axis.values.insert(axis.values.end(), values.begin(), values.end());
    } else {
      axis.values.emplace_back(value);
    }
    if (end == std::string_view::npos) return axis;
    rest.remove_prefix(end + 1);
  }
}

ParameterText text_of(std::string_view parameter) {
  for (const ParameterText& row : kTexts) {
    if (row.name == parameter) return row;
  }
  return {
      .name = parameter, .alias = {}, .title = parameter, .phrase = {}, .cost = 0, .always = false};
}

std::string label_of(std::string_view parameter, const std::string& value) {
  if (value.empty()) return "(none)";
  if (parameter == "model" || parameter == "image")
    return std::filesystem::path(value).stem().string();
  return value;
}

}  // namespace sagitta::cli
