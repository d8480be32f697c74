#include "golden_runner/node_call.h"

#include "sagitta/graph/registry.h"
#include "sagitta/nodes/all.h"
#include "sagitta/nodes/services.h"

#include <utility>

namespace golden {

using sagitta::Fault;
using sagitta::Json;
using sagitta::require;
namespace graph = sagitta::graph;

namespace {

// The value of a widget that the user did not touch, or null.
Json default_of(const graph::Input& input, const graph::ServicesRef& services) {
  if (const Json* value = input.option("default")) return *value;
  if (input.type != graph::kCombo) return {};
  const std::vector<std::string> choices = choices_of(input, services);
  return choices.empty() ? Json() : Json(choices.front());
}

}  // namespace

std::vector<std::any> run_node(Context& context, const std::string& id, const Json& literals,
                               Links links) {
  const graph::Registry& nodes = context.cached("nodes", [] { return sagitta::nodes::all_nodes(); });
  const graph::NodeDef* node = nodes.find(id);
  require(node != nullptr, Fault::unsupported, "there is no node {}", id);
  sagitta::nodes::Services services{.device = context.device(),
                                    .text_device = context.device(),
                                    .models_dirs = {context.root()},
                                    .input_dir = context.root(),
                                    .output_dir = {},
                                    .temp_dir = {}};
  graph::NodeCall call{.class_type = id, .links = std::move(links)};
  call.services = graph::ServicesRef::to(services);
  for (const graph::Input& input : node->inputs) {
    if (Json value = default_of(input, call.services); !value.is_null()) {
      call.literals[input.name] = std::move(value);
    }
  }
  for (const auto& [name, value] : literals.items()) {
    require(node->find_input(name) != nullptr, Fault::internal, "{} has no input {}", id, name);
    call.literals[name] = value;
  }
  return node->run(call).values;
}

}  // namespace golden
