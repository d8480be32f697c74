#include "sagitta/text/python_format.h"

#include "sagitta/base/error.h"
#include "sagitta/text/format_spec.h"

#include <cmath>

namespace sagitta::text {

std::string python_str(const PlainValue& value) {
  if (const bool* const truth = std::get_if<bool>(&value)) return *truth ? "True" : "False";
  if (const double* const number = std::get_if<double>(&value)) {
    std::string text = fmt::format("{}", *number);
    const bool whole = std::isfinite(*number) && text.find_first_of(".e") == std::string::npos;
    return whole ? text + ".0" : text;
  }
  if (const auto* const text = std::get_if<std::string>(&value)) return *text;
  if (const auto* const number = std::get_if<std::int64_t>(&value)) return fmt::to_string(*number);
  return fmt::to_string(std::get<std::uint64_t>(value));
}

std::string python_format(std::string_view format,
                          const std::function<const PlainValue*(std::string_view name)>& find) {
  std::string out;
  while (!format.empty()) {
    const char c = format[0];
    if (c != '{' && c != '}') {
      out += c;
      format.remove_prefix(1);
      continue;
    }
    if (format.size() > 1 && format[1] == c) {
      out += c;
      format.remove_prefix(2);
      continue;
    }
    const std::size_t end = format.find('}');
    require(c == '{' && end != std::string_view::npos, Fault::bad_input,
            "the format has a single {}", c);
    const std::string_view field = format.substr(1, end - 1);
    require(field.find('{') == std::string_view::npos, Fault::bad_input,
            "braces within braces, as in {{{}}}, are not understood in a format", field);
    const std::size_t colon = field.find(':');
    const std::string_view name = field.substr(0, colon);
    require(name.find_first_of(".[!") == std::string_view::npos, Fault::bad_input,
            "{{{}}} is not understood in a format; a value has a name and nothing else", field);
    const PlainValue* const value = find(name);
    require(value != nullptr, Fault::bad_input, "the format names {{{}}}, which has no value",
            name);
    const bool plain = colon == std::string_view::npos || colon + 1 == field.size();
    out += plain ? python_str(*value)
                 : format_value(*value, parse_format_spec(field.substr(colon + 1)));
    format.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace sagitta::text
