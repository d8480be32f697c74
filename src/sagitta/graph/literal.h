// Values of widgets: what a JSON literal or a linked value means for an input of a given type.
#pragma once

#include "sagitta/base/json.h"

#include <any>
#include <optional>
#include <string>
#include <string_view>

namespace sagitta::graph {

struct Literal {
  Json value{};
  std::string
      problem{};  // empty if the conversion worked, otherwise "expected an integer, got ..."
};

// Converts to the JSON kind of the type: INT integer, FLOAT number, STRING and COMBO string,
// BOOLEAN boolean. Digits in a string count as a number and 20.0 as an integer, as in ComfyUI;
// whatever would lose information (20.5 as INT) is a problem. Values for other types come back
// unchanged.
[[nodiscard]] Literal to_literal(const Json& value, std::string_view type);

// The JSON of a value that a node put out as a plain number, bool, string or Json; nothing for
// others.
[[nodiscard]] std::optional<Json> literal_from(const std::any& value);

}  // namespace sagitta::graph
