// sagitta nodes [NAME]: what nodes there are, and what one of them takes and gives.
#pragma once

#include "exit_codes.h"
#include "sagitta/graph/registry.h"

#include <string>

namespace CLI {
class App;
}

namespace sagitta::cli {

// Adds the subcommand; when it is chosen it runs during parsing and leaves its result in `code`.
void add_nodes_command(CLI::App& app, ExitCode& code);

// One line per node: id and display name, below their categories.
[[nodiscard]] std::string list_text(const graph::Registry& registry);
// Inputs with their ranges and tooltips, and outputs.
[[nodiscard]] std::string node_text(const graph::NodeDef& node, const graph::ServicesRef& services);

}  // namespace sagitta::cli
