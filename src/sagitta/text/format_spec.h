// Python's format specifications: [[fill]align][sign][#][0][width][,][.precision][type].
#pragma once

#include "sagitta/text/python_format.h"

#include <string>
#include <string_view>

namespace sagitta::text {

struct FormatSpec {
  std::u32string fill = U" ";
  char align = 0;  // < > ^ or =; 0: by the value
  char sign = '-';
  bool alternate = false;  // 0x before hexadecimal numbers
  int width = 0;
  char group = 0;  // , or _ between thousands
  int precision = -1;
  char type = 0;  // 0: by the value
};

// Throws Error{bad_input} for what is no specification, and for widths above 1000.
[[nodiscard]] FormatSpec parse_format_spec(std::string_view text);
// Throws Error{bad_input} if the specification does not suit the value.
[[nodiscard]] std::string format_value(const PlainValue& value, const FormatSpec& spec);

}  // namespace sagitta::text
