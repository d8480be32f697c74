// What the nodes MODEL -> MODEL around a with_xxx() function share.
#pragma once

#include "sagitta/diffusion/model.h"
#include "sagitta/graph/widgets.h"

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace sagitta::nodes {

// The inputs of such a node: the model, and a widget for every field of Params.
template <class Params>
[[nodiscard]] std::vector<graph::Input> model_inputs() {
  return graph::inputs(graph::socket("model", "MODEL", "The model to change."),
                       graph::widgets<Params>());
}

// The named widgets marked as advanced.
[[nodiscard]] inline std::vector<graph::Input> advanced(
    std::vector<graph::Input> inputs, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    inputs = graph::with_option(std::move(inputs), name, "advanced", true);
  }
  return inputs;
}

// def with its output and run() filled in, and its inputs where it states none.
template <class Params>
[[nodiscard]] graph::NodeDef patch_node(graph::NodeDef def, Model (*with)(Model, const Params&)) {
  if (def.inputs.empty()) def.inputs = model_inputs<Params>();
  if (def.outputs.empty()) def.outputs = {{.type = "MODEL"}};
  def.run = [with](const graph::NodeCall& call) -> graph::NodeResult {
    return {.values = {with(call.get<Model>("model"), graph::read<Params>(call))}};
  };
  return def;
}

// The same for a method without parameters.
[[nodiscard]] inline graph::NodeDef patch_node(graph::NodeDef def, Model (*with)(Model)) {
  def.inputs = graph::inputs(graph::socket("model", "MODEL", "The model to change."));
  if (def.outputs.empty()) def.outputs = {{.type = "MODEL"}};
  def.run = [with](const graph::NodeCall& call) -> graph::NodeResult {
    return {.values = {with(call.get<Model>("model"))}};
  };
  return def;
}

}  // namespace sagitta::nodes
