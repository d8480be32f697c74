// The form in which ComfyUI's interface saves a workflow: boxes with positional widget values,
// joined by numbered links, some of which exist only on the screen. It is turned into a prompt
// here:
// - Reroute boxes and muted (mode 2) nodes vanish, bypassed ones (mode 4) pass an input of the same
// type on,
// - PrimitiveNode hands its value to the widgets that it is linked to, Note and MarkdownNote say
// nothing, a GetNode stands for what the SetNode of its name gets,
// - comments and choices in prompts are resolved (dynamic_prompt.h),
// - instances of subgraph definitions are replaced by the nodes inside, with ids like "12:5".
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"

namespace sagitta::graph {

// True for an object with a list of nodes.
[[nodiscard]] bool is_ui_format(const Json& json);

// Throws Error{bad_input} for JSON that is not of this form, cyclic or too deeply nested subgraphs,
// and rings of boxes that only pass on. Nodes of unknown type keep their links, for validate() to
// report them.
[[nodiscard]] Prompt parse_ui(const Json& json, const Registry& registry,
                              const ServicesRef& services = {});

}  // namespace sagitta::graph
