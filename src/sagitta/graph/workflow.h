// Workflow files as people have them, in every form that ComfyUI writes.
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"

#include <string_view>

namespace sagitta::graph {

struct Workflow {
  Prompt prompt{};
  Json extra_pnginfo{};  // {"workflow": {...}} if the interface's form is known, otherwise null
};

// Accepts the API form {"3": {"class_type", ...}}, envelopes around it ({"prompt": {...},
// "extra_data":
// {...}} of POST /prompt, {"output": {...}, "workflow": {...}}, {"workflow": {...}}), and the form
// of the interface
// ({"nodes": [...], "links": [...]}). `services` are asked for the entries of a COMBO that has no
// value in the file. Throws Error{bad_input}.
[[nodiscard]] Workflow parse_workflow(const Json& json, const Registry& registry,
                                      const ServicesRef& services = {});

// The same from a text; `what` names it in messages.
[[nodiscard]] Workflow parse_workflow(std::string_view text, std::string_view what,
                                      const Registry& registry, const ServicesRef& services = {});

}  // namespace sagitta::graph
