// sagitta compare: the same picture with other parameters, side by side on one sheet.
#pragma once

#include "exit_codes.h"

namespace CLI {
class App;
}

namespace sagitta::cli {

// Adds the subcommand; when it is chosen it runs during parsing and leaves its result in `code`.
void add_compare_command(CLI::App& app, ExitCode& code);

}  // namespace sagitta::cli
