// Checks a prompt before anything runs, and says everything that is wrong with it at once.
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"

#include <string>
#include <vector>

namespace sagitta::graph {

// One thing that is wrong. `type` is ComfyUI's name of the kind, e.g. "value_bigger_than_max".
struct Issue {
  std::string node_id{};  // empty if it concerns the prompt as a whole
  std::string class_type{};
  std::string title{};
  std::string input{};  // empty if it concerns the whole node
  std::string type{};
  std::string message{};  // what kind of mistake
  std::string details{};  // which value, and what was expected
  Json extra_info{};      // an object, as ComfyUI gives it to web clients
};

struct Validation {
  std::vector<Issue> issues{};  // what keeps the prompt from running, in the order of the nodes
  std::vector<Issue> unused{};  // the same about nodes that no output node needs: harmless
  std::vector<std::string>
      outputs;  // output nodes that could run: nothing that they need has an issue

  [[nodiscard]] bool ok() const { return issues.empty(); }
};

// Checks every input of every node: unknown node types, missing inputs, links to missing nodes or
// slots or of the wrong type, literals of the wrong type, out of range or not among the entries,
// cycles, the node's own check, and a prompt without output nodes.
[[nodiscard]] Validation validate(const Prompt& prompt, const Registry& registry,
                                  const ServicesRef& services = {});

// One line for the person at the terminal: node 3 (KSampler), input "steps": Value 0 smaller than
// ...
[[nodiscard]] std::string to_text(const Issue& issue);
// The body of a refused POST /prompt: {"error": {...}, "node_errors": {id: {"errors": [...],
// ...}}}.
[[nodiscard]] Json error_json(const Validation& validation, const Prompt& prompt,
                              const Registry& registry);
// Throws Error{bad_input} with everything that is wrong, one mistake per line, unless the
// validation is ok. Unused nodes are listed too, for they may be unused only because of another
// mistake.
void require_valid(const Validation& validation);

}  // namespace sagitta::graph
