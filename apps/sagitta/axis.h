// An axis of a comparison: a parameter of `sagitta generate` and the values that it takes.
#pragma once

#include "generate_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::cli {

struct Axis {
  std::string parameter;
  std::vector<std::string> values;
};

// Reads "sag=0,0.5,1" or "prompt=a cat, sleeping|a dog": values are separated by commas, or by '|'
// if there is one. Numbers may be ranges: seed=1..4, sag=0..1:0.25. Throws bad_input for a
// parameter that settings do not have, naming those that they have, and for a list that is none.
[[nodiscard]] Axis parse_axis(const std::string& text, const NamedSettings& settings);

// How a parameter is shown, and what a change of it costs.
struct ParameterText {
  std::string_view name;
  std::string_view alias;   // another name for it on an axis; may be empty
  std::string_view title;   // over labels
  std::string_view phrase;  // in a list of settings, with {} for the value
  int cost;                 // parameters that cost more change more seldom during a comparison
  bool always;              // shown in a list of settings even where it has its default
};

// Every parameter has one; those without a row of their own have what follows from the name.
[[nodiscard]] ParameterText text_of(std::string_view parameter);

// What stands in a label for a value.
[[nodiscard]] std::string label_of(std::string_view parameter, const std::string& value);

}  // namespace sagitta::cli
