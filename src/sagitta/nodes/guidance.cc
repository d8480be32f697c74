#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/graph/widgets.h"
#include "sagitta/nodes/families.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

// A node MODEL + Params -> MODEL around a with_xxx() function.
template <class Params>
graph::NodeDef patch(graph::NodeDef def, Model (*with)(Model, const Params&)) {
  def.inputs = graph::inputs(graph::socket("model", "MODEL", "The model to change."),
                             graph::widgets<Params>());
  def.outputs = {{.type = "MODEL"}};
  def.run = [with](const NodeCall& call) -> NodeResult {
    return {.values = {with(call.get<Model>("model"), graph::read<Params>(call))}};
  };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> guidance_nodes() {
  graph::NodeDef sag = patch(
      {.id = "SelfAttentionGuidance",
       .display_name = "Self-Attention Guidance",
       .category = "experimental",
       .description = "Blurs what the model attends to and pushes the picture away from the result.",
       .style = graph::NodeStyle::schema,
       .experimental = true},
      with_sag);
  sag.inputs = graph::with_option(std::move(sag.inputs), "blur_sigma", "advanced", true);
  graph::NodeDef advanced = patch(
      {.id = "SelfAttentionGuidanceAdvanced",
       .display_name = "Self-Attention Guidance (Advanced)",
       .category = "experimental",
       .description = "Self-Attention Guidance with a choice of layers, mask, interval and schedule. The "
                      "defaults are those of the plain node.",
       .style = graph::NodeStyle::schema,
       .experimental = true},
      with_advanced_sag);
  return {std::move(sag), std::move(advanced)};
}

}  // namespace sagitta::nodes
