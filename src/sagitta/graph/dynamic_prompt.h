// What ComfyUI's interface does to prompts before it sends them; the API form has the results.
#pragma once

#include "sagitta/graph/node.h"

#include <string>
#include <string_view>

namespace sagitta::graph {

// Whether the interface does it to the texts of this input.
[[nodiscard]] bool is_dynamic(const Input& in);

// Without comments, from // to the end of the line or between /* and */, and with one of the
// choices of each {a|b|c}. The interface picks at random; this takes the first, so that a workflow
// gives the same picture every time. Choices may be nested; \{ \} \| are plain characters.
[[nodiscard]] std::string dynamic_prompt(std::string_view text);

}  // namespace sagitta::graph
