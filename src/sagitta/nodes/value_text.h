// Values of any kind as Python prints them.
#pragma once

#include "sagitta/graph/call.h"
#include "sagitta/text/python_format.h"

#include <optional>
#include <string>
#include <string_view>

namespace sagitta::nodes {

// str() of what json.loads() makes of it: None, True, 1.0, ['a', {'b': 2}]; a text is itself.
[[nodiscard]] std::string python_text(const Json& value);

// The value of an input as a JSON value: a literal, or what came over a link if it is a plain value
// or JSON. Nothing if the input is absent; throws Error{bad_input} for other values.
[[nodiscard]] std::optional<Json> json_value(const graph::NodeCall& call, std::string_view input);

// A number, truth value or text; other JSON is its text.
[[nodiscard]] text::PlainValue plain_value(const Json& value);

}  // namespace sagitta::nodes
