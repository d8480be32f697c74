// sagitta run WORKFLOW: runs a workflow from a JSON file or from a picture that carries one.
#pragma once

#include "exit_codes.h"
#include "sagitta/graph/workflow.h"

#include <filesystem>

namespace CLI {
class App;
}

namespace sagitta::cli {

// Adds the subcommand; when it is chosen it runs during parsing and leaves its result in `code`.
void add_run_command(CLI::App& app, ExitCode& code);

// Reads any form of workflow. Of a picture, the API form in the chunk "prompt" counts, and the
// drawing in "workflow" where there is no other. Throws Error{bad_file} for files without a
// workflow.
[[nodiscard]] graph::Workflow read_workflow(const std::filesystem::path& path,
                                            const graph::Registry& registry,
                                            const graph::ServicesRef& services);

}  // namespace sagitta::cli
