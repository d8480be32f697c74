// Values as Python prints them, and the part of str.format() that makes sense for plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sagitta::text {

using PlainValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

// str(value): True, 7, 1.0, 1e-05, inf.
[[nodiscard]] std::string python_str(const PlainValue& value);

// Fills in {name} and {name:specification}, such as {a:>10}, {b:05d}, {c:.2f} and {d:,}; {{ and }}
// are braces. `find` gives a value by its name. Throws Error{bad_input} for names that it does not
// know, for {a.b}, {a[0]}, {a!r} and nested braces, which are not read here, and for specifications
// that do not suit the value.
[[nodiscard]] std::string python_format(
    std::string_view format, const std::function<const PlainValue*(std::string_view name)>& find);

}  // namespace sagitta::text
