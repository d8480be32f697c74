// Validates and runs a prompt and reports about it: the common road of all subcommands that
// compute.
#pragma once

#include "exit_codes.h"
#include "options.h"
#include "sagitta/graph/workflow.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace sagitta::cli {

// The files that output nodes say they wrote, from {node id: {"images": [{"filename", "subfolder",
// "type"}, ...], ...}}.
[[nodiscard]] std::vector<std::filesystem::path> written_files(const Json& ui,
                                                               const nodes::Services& services);

// Runs the workflow with progress on standard error. On success the written paths go to standard
// output, or with --json {"status": "success", "files": [...], "outputs": {...}, "executed": [...],
// "cached": [...], "seconds": s}. Throws Error, of all bad inputs at once if the prompt is not
// sound. `deliver` may move the written files elsewhere before they are reported.
void run_prompt(const graph::Workflow& workflow, const graph::Registry& registry, Engine& engine,
                const Reporting& reporting,
                const std::function<void(std::vector<std::filesystem::path>&)>& deliver = {});

// Calls `work`. An Error becomes a line on standard error or, with --json, the object {"status":
// "error", "fault": ..., "message": ..., "node_id": ...} on standard output; the result is its
// code.
[[nodiscard]] ExitCode report_errors(const Reporting& reporting, const std::function<void()>& work);

}  // namespace sagitta::cli
