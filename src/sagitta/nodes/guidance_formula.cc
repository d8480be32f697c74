// Methods that change how classifier-free guidance joins its two predictions, or what comes of it.
#include "sagitta/diffusion/guidance/apg.h"
#include "sagitta/diffusion/guidance/cfg_norm.h"
#include "sagitta/diffusion/guidance/cfg_zero_star.h"
#include "sagitta/diffusion/guidance/epsilon_scaling.h"
#include "sagitta/diffusion/guidance/fresca.h"
#include "sagitta/diffusion/guidance/mahiro.h"
#include "sagitta/diffusion/guidance/rescale_cfg.h"
#include "sagitta/diffusion/guidance/tcfg.h"
#include "sagitta/diffusion/guidance/temporal_score_rescaling.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/model_patch.h"

namespace sagitta::nodes {
namespace {

using graph::NodeStyle;

// What upstream calls the output of some of them.
std::vector<graph::Output> patched_model() { return {{.type = "MODEL", .name = "patched_model"}}; }

std::vector<graph::Input> cfg_norm_inputs() {
  std::vector<graph::Input> all = model_inputs<CfgNormParams>();
  all.back() = graph::optional(std::move(all.back()));
  return all;
}

// Upstream asks for a plain number field instead of a slider.
std::vector<graph::Input> plain_numbers(std::vector<graph::Input> inputs,
                                        std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    inputs = graph::with_option(std::move(inputs), name, "display", "number");
  }
  return advanced(std::move(inputs), names);
}

}  // namespace

std::vector<graph::NodeDef> guidance_formula_nodes() {
  return {
      patch_node({.id = "RescaleCFG",
                  .display_name = "RescaleCFG",
                  .category = "model/patch",
                  .description = "Keeps high guidance scales from over-exposing the picture.",
                  .inputs = graph::inputs(graph::socket("model", "MODEL"),
                                          graph::widgets<RescaleCfgParams>()),
                  .python_module = "comfy_extras.nodes_model_advanced"},
                 with_rescale_cfg),
      patch_node(
          {.id = "APG",
           .display_name = "Adaptive Projected Guidance",
           .category = "model/sampling/custom",
           .description = "Limits the guidance and weakens its part along the prediction.",
           .inputs = advanced(model_inputs<ApgParams>(), {"eta", "norm_threshold", "momentum"}),
           .style = NodeStyle::schema},
          with_apg),
      patch_node({.id = "TCFG",
                  .display_name = "Tangential Damping CFG",
                  .category = "advanced/guidance",
                  .description = "Keeps of the negative only what lies along the positive.",
                  .outputs = patched_model(),
                  .style = NodeStyle::schema},
                 with_tcfg),
      patch_node({.id = "Mahiro",
                  .display_name = "Positive-Biased Guidance",
                  .category = "experimental",
                  .description = "Leans on the positive prompt where the negative differs much.",
                  .outputs = patched_model(),
                  .style = NodeStyle::schema,
                  .experimental = true},
                 with_mahiro),
      patch_node({.id = "CFGZeroStar",
                  .category = "advanced/guidance",
                  .description = "Scales the negative prediction to fit the positive one best.",
                  .outputs = patched_model(),
                  .style = NodeStyle::schema},
                 with_cfg_zero_star),
      patch_node(
          {.id = "CFGNorm",
           .category = "advanced/guidance",
           .description = "Keeps the guided prediction from growing beyond the positive one.",
           .inputs = cfg_norm_inputs(),
           .outputs = patched_model(),
           .style = NodeStyle::schema,
           .experimental = true},
          with_cfg_norm),
      patch_node({.id = "FreSca",
                  .display_name = "FreSca",
                  .category = "experimental",
                  .description = "Scales coarse and fine parts of the guidance apart.",
                  .inputs = advanced(model_inputs<FreScaParams>(),
                                     {"scale_low", "scale_high", "freq_cutoff"}),
                  .style = NodeStyle::schema,
                  .experimental = true},
                 with_fresca),
      patch_node({.id = "Epsilon Scaling",
                  .category = "model/patch/unet",
                  .description = "Takes slightly less noise away than predicted.",
                  .inputs = plain_numbers(model_inputs<EpsilonScalingParams>(), {"scaling_factor"}),
                  .style = NodeStyle::schema},
                 with_epsilon_scaling),
      patch_node({.id = "TemporalScoreRescaling",
                  .display_name = "TSR - Temporal Score Rescaling",
                  .category = "model/patch/unet",
                  .description = "Makes results more alike or more diverse.",
                  .inputs = plain_numbers(model_inputs<TsrParams>(), {"tsr_k", "tsr_sigma"}),
                  .outputs = patched_model(),
                  .style = NodeStyle::schema},
                 with_temporal_score_rescaling),
  };
}

}  // namespace sagitta::nodes
