// Values of widgets in the interface's form, where most nodes store them by position.
#pragma once

#include "sagitta/graph/node.h"
#include "sagitta/graph/ui_graph.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sagitta::graph {

// The value of every widget of the node, as far as it is stored or has a default. Behind a seed
// stands a further value ("fixed", "randomize"...) for the interface alone, which is left out.
[[nodiscard]] std::vector<std::pair<std::string, Json>> widget_values(const UiNode& node,
                                                                      const NodeDef& def,
                                                                      const ServicesRef& services);

// The value of a node that is a single widget (PrimitiveNode).
[[nodiscard]] std::optional<Json> primitive_value(const UiNode& node);

// The value that an instance of a subgraph holds for one of its inputs shown as a widget.
[[nodiscard]] std::optional<Json> instance_value(const UiNode& instance, const UiInput& input);
// The value that it holds for a widget of a node inside, without an input for it.
[[nodiscard]] std::optional<Json> promoted_value(const UiNode& instance, std::string_view node_id,
                                                 std::string_view widget);

}  // namespace sagitta::graph
