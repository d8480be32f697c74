// sagitta generate: from a prompt to a picture, by way of the graph that a person would draw.
#pragma once

#include "exit_codes.h"

namespace CLI {
class App;
}

namespace sagitta::cli {

// Adds the subcommand; when it is chosen it runs during parsing and leaves its result in `code`.
void add_generate_command(CLI::App& app, ExitCode& code);

}  // namespace sagitta::cli
