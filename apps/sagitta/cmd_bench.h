// sagitta bench: the speed of a network with random weights, beside the machine's own rate.
#pragma once

#include "exit_codes.h"

namespace CLI {
class App;
}

namespace sagitta::cli {

// Adds the subcommand; when it is chosen it runs during parsing and leaves its result in `code`.
void add_bench_command(CLI::App& app, ExitCode& code);

}  // namespace sagitta::cli
