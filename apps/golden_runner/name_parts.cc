#include "golden_runner/name_parts.h"

#include "sagitta/base/error.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace golden {

std::vector<std::string_view> name_parts(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t end = name.find('/'); end != std::string_view::npos; end = name.find('/')) {
    parts.push_back(name.substr(0, end));
    name.remove_prefix(end + 1);
  }
  parts.push_back(name);
  return parts;
}

double number_in(std::string_view part, std::string_view label) {
  for (std::size_t at = part.find(label); at != std::string_view::npos;
       at = part.find(label, at + 1)) {
    if (at != 0 && part[at - 1] != '_') continue;
    double value = 0;
    const std::string_view rest = part.substr(at + label.size());
    if (std::from_chars(rest.data(), rest.data() + rest.size(), value).ec == std::errc()) {
      return value;
    }
  }
  throw sagitta::Error(sagitta::Fault::bad_file,
                       fmt::format("there is no number \"{}\" in \"{}\"", label, part));
}

int integer_in(std::string_view part, std::string_view label) {
  const double value = number_in(part, label);
  sagitta::require(
      value == std::floor(value) && std::fabs(value) <= std::numeric_limits<int>::max(),
      sagitta::Fault::bad_file, "\"{}\" in \"{}\" is no whole number", label, part);
  return static_cast<int>(value);
}

}  // namespace golden
