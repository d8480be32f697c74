// Arbitrary bytes as a workflow: reading, converting and checking it ends in a result or an Error,
// and what counts as sound survives being written and read again.
#include "graph/toy_nodes.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/set_input.h"
#include "sagitta/graph/validate.h"
#include "sagitta/graph/workflow.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

namespace graph = sagitta::graph;

void check(bool ok) {
  if (!ok) std::abort();
}

void try_workflow(std::string_view text) {
  static const graph::Registry registry = graph::toy::registry();
  static graph::toy::Services services;
  const graph::ServicesRef ref = graph::ServicesRef::to(services);

  graph::Workflow workflow = graph::parse_workflow(text, "input", registry, ref);
  const graph::Validation validation = graph::validate(workflow.prompt, registry, ref);
  const sagitta::Json errors = graph::error_json(validation, workflow.prompt, registry);
  check(validation.ok() == errors["node_errors"].empty() || !errors["error"].empty());

  const graph::Prompt again = graph::parse_prompt(graph::to_json(workflow.prompt));
  check(graph::to_json(again) == graph::to_json(workflow.prompt));
  check(graph::validate(again, registry, ref).ok() == validation.ok());

  graph::set_input(workflow.prompt, text.substr(0, 100), registry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    try_workflow(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const sagitta::Error& error) {
    check(error.fault() == sagitta::Fault::bad_input);
  }
  return 0;
}
