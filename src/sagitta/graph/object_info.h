// The JSON by which web clients learn the nodes: ComfyUI's GET /object_info.
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/graph/registry.h"

namespace sagitta::graph {

// The value under the node's id. The entries of COMBO inputs are looked up now.
[[nodiscard]] Json object_info(const NodeDef& node, const ServicesRef& services = {});
// {id: object_info} of all nodes, in the order of the registry.
[[nodiscard]] Json object_info(const Registry& registry, const ServicesRef& services = {});

}  // namespace sagitta::graph
