#include "sagitta/graph/widgets.h"

#include <cstdlib>

namespace sagitta::graph::detail {
namespace {

// A limit as an integer of the field's own type; limits of 2^63 and above are not exact in a
// double.
template <class T>
T clamp_limit(double limit, T lowest, T highest) {
  if (limit <= static_cast<double>(lowest)) return lowest;
  if (limit >= static_cast<double>(highest)) return highest;
  return static_cast<T>(limit);
}

void add_steps(Json& options, const Range& range, bool integral) {
  if (range.step != 0) {
    if (integral) {
      options["step"] = static_cast<std::int64_t>(range.step);
    } else {
      options["step"] = range.step;
    }
  }
  if (range.round != 0) options["round"] = range.round;
}

}  // namespace

Json integer_options(std::int64_t value, const Range& range, std::int64_t lowest,
                     std::int64_t highest) {
  Json options{{"default", value},
               {"min", clamp_limit(range.min, lowest, highest)},
               {"max", clamp_limit(range.max, lowest, highest)}};
  add_steps(options, range, true);
  return options;
}

Json unsigned_options(std::uint64_t value, const Range& range, std::uint64_t highest) {
  Json options{{"default", value},
               {"min", clamp_limit(range.min, std::uint64_t{0}, highest)},
               {"max", clamp_limit(range.max, std::uint64_t{0}, highest)}};
  add_steps(options, range, true);
  return options;
}

Json float_options(float value, const Range& range) {
  return double_options(std::strtod(fmt::format("{}", value).c_str(), nullptr), range);
}

Json double_options(double value, const Range& range) {
  Json options{{"default", value}, {"min", range.min}, {"max", range.max}};
  add_steps(options, range, false);
  return options;
}

void add_tooltip(Json& options, std::string_view tip) {
  if (!tip.empty()) options["tooltip"] = tip;
}

void require_in_range(std::string_view name, double value, const Range& range) {
  require(value >= range.min && value <= range.max, Fault::bad_input, "{} = {} is outside {} to {}",
          name, value, range.min, range.max);
}

}  // namespace sagitta::graph::detail
