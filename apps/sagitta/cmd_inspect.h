// sagitta inspect FILE: what a checkpoint holds, from its header alone.
#pragma once

#include "exit_codes.h"

namespace CLI {
class App;
}

namespace sagitta::cli {

// Adds the subcommand; when it is chosen it runs during parsing and leaves its result in `code`.
void add_inspect_command(CLI::App& app, ExitCode& code);

}  // namespace sagitta::cli
