// Widgets of nodes whose parameters are plain literals, as /object_info prints them.
#pragma once

#include "sagitta/graph/node.h"

#include <cstdint>
#include <string>

namespace sagitta::nodes {

// The largest side of a picture, in pixels, that upstream's widgets allow.
inline constexpr std::int64_t kMostPixels = 16384;

// A step of 0 is left out.
[[nodiscard]] graph::Input int_widget(std::string name, std::int64_t value, std::int64_t min,
                                      std::int64_t max, std::int64_t step = 0);
[[nodiscard]] graph::Input float_widget(std::string name, double value, double min, double max,
                                        double step);
[[nodiscard]] graph::Input bool_widget(std::string name, bool value);
// The same input, shown among the advanced ones.
[[nodiscard]] graph::Input advanced(graph::Input input);
// The same input with an explanation for people.
[[nodiscard]] graph::Input with_tip(graph::Input input, std::string_view tip);

}  // namespace sagitta::nodes
