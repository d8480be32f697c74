// Guidance by further predictions: SAG, PAG, SEG, and Perp-Neg.
#include "sagitta/diffusion/guidance/pag.h"
#include "sagitta/diffusion/guidance/perp_neg.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/diffusion/guidance/seg.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/model_patch.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;
using graph::NodeStyle;

graph::NodeDef perp_neg_node() {
  return {.id = "PerpNeg",
          .display_name = "Perp-Neg (DEPRECATED by Perp-Neg Guider)",
          .category = "experimental",
          .description = "Removes from the negative prompt what it shares with the positive one.",
          .inputs = advanced(graph::inputs(graph::socket("model", "MODEL", "The model to change."),
                                           graph::socket("empty_conditioning", "CONDITIONING",
                                                         "The conditioning of an empty prompt."),
                                           graph::widgets<PerpNegParams>()),
                             {"neg_scale"}),
          .outputs = {{.type = "MODEL"}},
          .style = NodeStyle::schema,
          .deprecated = true,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {with_perp_neg(call.get<Model>("model"),
                                             call.get<Conditioning>("empty_conditioning"),
                                             graph::read<PerpNegParams>(call))}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> guidance_nodes() {
  return {
      patch_node(
          {.id = "SelfAttentionGuidance",
           .display_name = "Self-Attention Guidance",
           .category = "experimental",
           .description =
               "Blurs what the model attends to and pushes the picture away from the result.",
           .inputs = advanced(model_inputs<SagParams>(), {"blur_sigma"}),
           .style = NodeStyle::schema,
           .experimental = true},
          with_sag),
      patch_node(
          {.id = "SelfAttentionGuidanceAdvanced",
           .display_name = "Self-Attention Guidance (Advanced)",
           .category = "experimental",
           .description = "Self-Attention Guidance with a choice of layers, mask, interval and "
                          "schedule. The defaults are those of the plain node.",
           .style = NodeStyle::schema,
           .experimental = true},
          with_advanced_sag),
      patch_node({.id = "PerturbedAttentionGuidance",
                  .category = "model/patch/unet",
                  .description =
                      "Pushes the picture away from one whose parts did not look at each other.",
                  .style = NodeStyle::schema},
                 with_pag),
      patch_node({.id = "SmoothedEnergyGuidance",
                  .display_name = "Smoothed Energy Guidance",
                  .category = "model/patch/unet",
                  .description = "Pushes the picture away from one whose attention was blurred.",
                  .inputs = advanced(model_inputs<SegParams>(), {"blur_sigma"}),
                  .style = NodeStyle::schema,
                  .experimental = true},
                 with_seg),
      perp_neg_node(),
  };
}

}  // namespace sagitta::nodes
