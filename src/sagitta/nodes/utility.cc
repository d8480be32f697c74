#include "sagitta/nodes/families.h"

namespace sagitta::nodes {

std::vector<graph::NodeDef> utility_nodes() {
  return {{.id = "Reroute",
           .display_name = "Reroute",
           .category = "utils",
           .description = "Passes its input on.",
           .inputs = graph::inputs(graph::socket("", std::string(graph::kAnyType))),
           .outputs = {{.type = std::string(graph::kAnyType), .name = "output"}},
           .run = [](const graph::NodeCall& call) -> graph::NodeResult {
             return {.values = {*call.find_any("")}};
           }}};
}

}  // namespace sagitta::nodes
