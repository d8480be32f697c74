// Every node that sagitta knows, listed explicitly.
#pragma once

#include "sagitta/graph/registry.h"

namespace sagitta::nodes {

[[nodiscard]] graph::Registry all_nodes();

}  // namespace sagitta::nodes
