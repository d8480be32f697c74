// Guiders, and models whose guidance changes over a run.
#include "sagitta/diffusion/differential.h"
#include "sagitta/diffusion/guidance/perp_neg.h"
#include "sagitta/diffusion/guider.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/sampling_inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kCategory = "model/sampling/guiders";

graph::Input percent_widget(const char* name, double value, const char* tip) {
  return graph::input(
      name, "FLOAT",
      {{"default", value}, {"min", 0.0}, {"max", 1.0}, {"step", 0.001}, {"tooltip", tip}});
}

float scale(const NodeCall& call, std::string_view name) {
  return static_cast<float>(call.number(name));
}

graph::NodeDef cfg() {
  return {.id = "CFGGuider",
          .display_name = "CFG Guider",
          .category = kCategory,
          .description = "Classifier-free guidance between two conditionings.",
          .inputs = graph::inputs(graph::socket("model", "MODEL"),
                                  graph::socket("positive", "CONDITIONING"),
                                  graph::socket("negative", "CONDITIONING"), sample_widget("cfg")),
          .outputs = {{.type = "GUIDER"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {cfg_guider(call.get<Model>("model"),
                                          call.get<Conditioning>("positive"),
                                          call.get<Conditioning>("negative"), scale(call, "cfg"))}};
          }};
}

graph::NodeDef basic() {
  return {.id = "BasicGuider",
          .display_name = "Basic Guider",
          .category = kCategory,
          .description = "The prediction of one conditioning, without a negative one.",
          .inputs = graph::inputs(graph::socket("model", "MODEL"),
                                  graph::socket("conditioning", "CONDITIONING")),
          .outputs = {{.type = "GUIDER"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {basic_guider(call.get<Model>("model"),
                                            call.get<Conditioning>("conditioning"))}};
          }};
}

graph::NodeDef dual_cfg() {
  return {.id = "DualCFGGuider",
          .display_name = "Dual CFG Guider",
          .category = kCategory,
          .description = "Guidance between two positive conditionings and a negative one.",
          .inputs = graph::inputs(
              graph::socket("model", "MODEL"), graph::socket("cond1", "CONDITIONING"),
              graph::socket("cond2", "CONDITIONING"), graph::socket("negative", "CONDITIONING"),
              sample_widget("cfg", "cfg_conds"), sample_widget("cfg", "cfg_cond2_negative"),
              graph::combo("style", {"regular", "nested"})),
          .outputs = {{.type = "GUIDER"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            const bool nested = call.text("style") == "nested";
            return {.values = {dual_cfg_guider(
                        call.get<Model>("model"), call.get<Conditioning>("cond1"),
                        call.get<Conditioning>("cond2"), call.get<Conditioning>("negative"),
                        {.first = scale(call, "cfg_conds"),
                         .second = scale(call, "cfg_cond2_negative"),
                         .style = nested ? DualStyle::nested : DualStyle::regular})}};
          }};
}

graph::NodeDef dual_model() {
  graph::Input widget = sample_widget("cfg");
  (*widget.options)["default"] = 4.0;
  return {.id = "DualModelGuider",
          .display_name = "Dual Model CFG Guider",
          .category = kCategory,
          .description = "Classifier-free guidance with a model of its own for the negative.",
          .inputs = graph::inputs(
              graph::socket("model", "MODEL"), graph::socket("positive", "CONDITIONING"),
              std::move(widget), graph::optional(graph::socket("model_negative", "MODEL")),
              graph::optional(graph::socket("negative", "CONDITIONING"))),
          .outputs = {{.type = "GUIDER"}},
          .style = graph::NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            const auto& model = call.get<Model>("model");
            const auto& positive = call.get<Conditioning>("positive");
            const auto* negative_model = call.find<Model>("model_negative");
            const auto* negative = call.find<Conditioning>("negative");
            const float cfg = scale(call, "cfg");
            require(negative != nullptr || is_scale_one(cfg), Fault::bad_input,
                    "without a negative conditioning cfg has to be 1, got {}: the network cannot "
                    "predict without a text",
                    cfg);
            const Conditioning unwanted = negative != nullptr ? *negative : Conditioning{};
            if (negative_model == nullptr) {
              return {.values = {cfg_guider(model, positive, unwanted, cfg)}};
            }
            return {.values = {dual_model_guider(model, *negative_model, positive, unwanted, cfg)}};
          }};
}

graph::NodeDef perp_neg_node() {
  return {.id = "PerpNegGuider",
          .display_name = "Perp-Neg Guider",
          .category = "experimental",
          .description = "Of the negative only what is perpendicular to the positive counts.",
          .inputs = graph::inputs(graph::socket("model", "MODEL"),
                                  graph::socket("positive", "CONDITIONING"),
                                  graph::socket("negative", "CONDITIONING"),
                                  graph::socket("empty_conditioning", "CONDITIONING"),
                                  sample_widget("cfg"),
                                  option_widgets<PerpNegParams>({.exact = false})),
          .outputs = {{.type = "GUIDER"}},
          .style = graph::NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            const Model model = with_perp_neg_guider(call.get<Model>("model"),
                                                     call.get<Conditioning>("empty_conditioning"),
                                                     graph::read<PerpNegParams>(call));
            return {.values = {cfg_guider(model, call.get<Conditioning>("positive"),
                                          call.get<Conditioning>("negative"), scale(call, "cfg"))}};
          }};
}

graph::NodeDef cfg_override() {
  graph::Input widget = sample_widget("cfg");
  (*widget.options)["default"] = 1.0;
  return {.id = "CFGOverride",
          .display_name = "CFG Override",
          .category = kCategory,
          .description = "Another CFG scale for a part of the run.",
          .inputs = graph::inputs(graph::socket("model", "MODEL"), std::move(widget),
                                  percent_widget("start_percent", 0, "Where the part begins."),
                                  percent_widget("end_percent", 1, "Where the part ends.")),
          .outputs = {{.type = "MODEL"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            Model model = call.get<Model>("model");
            model.cfg_overrides.push_back(
                {.cfg = scale(call, "cfg"),
                 .sigma_start = model.sampling.percent_to_sigma(call.number("start_percent")),
                 .sigma_end = model.sampling.percent_to_sigma(call.number("end_percent"))});
            return {.values = {std::move(model)}};
          }};
}

graph::NodeDef differential_diffusion() {
  std::vector<graph::Input> inputs = graph::inputs(graph::socket("model", "MODEL"));
  for (graph::Input& input : graph::widgets<DifferentialParams>()) {
    inputs.push_back(graph::optional(std::move(input)));
  }
  return {.id = "DifferentialDiffusion",
          .display_name = "Differential Diffusion",
          .category = "experimental",
          .description = "Reads a noise mask as the time at which each cell begins to change.",
          .inputs = std::move(inputs),
          .outputs = {{.type = "MODEL"}},
          .style = graph::NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {with_differential_diffusion(call.get<Model>("model"),
                                                           graph::read<DifferentialParams>(call))}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> guider_nodes() {
  return {cfg(),        basic(),        dual_cfg(),             dual_model(),
          perp_neg_node(), cfg_override(), differential_diffusion()};
}

}  // namespace sagitta::nodes
