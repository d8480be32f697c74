// The graph of a picture that another program made and described by A1111's "parameters".
#pragma once

#include "sagitta/graph/workflow.h"

#include <string>
#include <string_view>

namespace sagitta::cli {

// The graph that `sagitta generate` would build. Models, LoRAs, VAE and embeddings are looked up
// among the files of the services (nodes::Services) by the names that the text has, which lack
// folder and ending; what is not found keeps its name for validation to complain about. What will
// differ, and fields that are not understood, go to the log as warnings that begin with `name`.
// Throws Error{bad_input} for texts that are too long.
[[nodiscard]] graph::Workflow workflow_from_parameters(std::string_view text,
                                                       const std::string& name,
                                                       const graph::ServicesRef& services);

}  // namespace sagitta::cli
