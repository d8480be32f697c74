// Operations on latents, which may also act on the guidance difference.
#include "sagitta/diffusion/guidance/latent_operation.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/model_patch.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;
using graph::NodeStyle;

constexpr const char* kCategory = "model/latent/advanced/operations";

graph::NodeDef apply_to_latent() {
  return {.id = "LatentApplyOperation",
          .category = kCategory,
          .description = "Applies an operation to a latent.",
          .inputs = graph::inputs(graph::socket("samples", "LATENT", "The latent."),
                                  graph::socket("operation", "LATENT_OPERATION", "What to do.")),
          .outputs = {{.type = "LATENT"}},
          .style = NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            Latent latent = call.get<Latent>("samples");
            latent.samples = call.get<LatentOperation>("operation")(latent.samples);
            return {.values = {std::move(latent)}};
          }};
}

graph::NodeDef apply_to_guidance() {
  return {.id = "LatentApplyOperationCFG",
          .category = kCategory,
          .description = "Applies an operation to the guidance difference in every step.",
          .inputs = graph::inputs(graph::socket("model", "MODEL", "The model to change."),
                                  graph::socket("operation", "LATENT_OPERATION", "What to do.")),
          .outputs = {{.type = "MODEL"}},
          .style = NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {with_latent_operation(call.get<Model>("model"),
                                                     call.get<LatentOperation>("operation"))}};
          }};
}

template <class Params>
graph::NodeDef operation(graph::NodeDef def, LatentOperation (*make)(const Params&)) {
  def.category = kCategory;
  def.outputs = {{.type = "LATENT_OPERATION"}};
  def.style = NodeStyle::schema;
  def.experimental = true;
  def.run = [make](const NodeCall& call) -> NodeResult {
    return {.values = {make(graph::read<Params>(call))}};
  };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> latent_operation_nodes() {
  return {
      apply_to_latent(),
      apply_to_guidance(),
      operation({.id = "LatentOperationTonemapReinhard",
                 .description = "Compresses large values.",
                 .inputs = graph::widgets<TonemapParams>()},
                tonemap_reinhard),
      operation({.id = "LatentOperationSharpen",
                 .description = "Sharpens.",
                 .inputs = advanced(graph::widgets<SharpenParams>(),
                                    {"sharpen_radius", "sigma", "alpha"})},
                sharpen),
  };
}

}  // namespace sagitta::nodes
