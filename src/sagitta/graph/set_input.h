// Changes to a prompt from the command line.
#pragma once

#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"

#include <string_view>

namespace sagitta::graph {

// Carries out "NODE.INPUT=VALUE". NODE is an id, a title or a class name; the latter two must be
// unique in the prompt. VALUE is converted to the type of the input; ["4", 0] makes a link. Throws
// Error{bad_input}; the range of the value is left to validate().
void set_input(Prompt& prompt, std::string_view assignment, const Registry& registry);

}  // namespace sagitta::graph
