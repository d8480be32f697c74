#include "sagitta/diffusion/guidance/scale_schedule.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace sagitta {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::optional<double> number(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  return whole ? std::optional(value) : std::nullopt;
}

}  // namespace

ScaleSchedule::ScaleSchedule(std::string_view text) {
  text = trimmed(text);
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view point = text.substr(0, comma);
    const std::size_t colon = point.find(':');
    const auto percent = number(point.substr(0, colon));
    const auto factor = number(colon == std::string_view::npos ? "" : point.substr(colon + 1));
    require(percent && factor && *percent >= 0 && *percent <= 1, Fault::bad_input,
            "scale schedule: '{}' is no point such as 0.3:1 (part of the schedule in 0..1, factor)",
            trimmed(point));
    require(points_.empty() || points_.back().first < *percent, Fault::bad_input,
            "scale schedule: {} does not come after {}", *percent,
            points_.empty() ? 0.0 : points_.back().first);
    points_.emplace_back(*percent, *factor);
    text = trimmed(text.substr(std::min(comma + 1, text.size())));
  }
}

float ScaleSchedule::at(double percent) const {
  if (points_.empty()) return 1;
  const auto next = std::find_if(points_.begin(), points_.end(),
                                 [&](const auto& point) { return point.first >= percent; });
  if (next == points_.end()) return static_cast<float>(points_.back().second);
  if (next == points_.begin()) return static_cast<float>(next->second);
  const auto& [x0, y0] = *std::prev(next);
  const auto& [x1, y1] = *next;
  return static_cast<float>(y0 + (y1 - y0) * (percent - x0) / (x1 - x0));
}

}  // namespace sagitta
