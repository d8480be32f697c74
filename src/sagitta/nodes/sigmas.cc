// Tools for lists of sigmas.
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/sigma_tools.h"
#include "sagitta/nodes/families.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

graph::NodeDef base(std::string id, std::string description) {
  return {.id = std::move(id),
          .category = "model/sampling/sigmas",
          .description = std::move(description),
          .outputs = {{.type = "SIGMAS"}},
          .style = graph::NodeStyle::schema};
}

const Sigmas& sigmas_of(const NodeCall& call) { return call.get<Sigmas>("sigmas"); }

Json float_options(double value, double min, double max, double step) {
  return {{"default", value}, {"min", min}, {"max", max}, {"step", step}};
}

Json exact(Json options) {
  options["round"] = false;
  return options;
}

graph::NodeDef split_base(std::string id, std::string description) {
  graph::NodeDef def = base(std::move(id), std::move(description));
  def.outputs = {{.type = "SIGMAS", .name = "high_sigmas"}, {.type = "SIGMAS", .name = "low_sigmas"}};
  return def;
}

NodeResult two_lists(std::pair<Sigmas, Sigmas> parts) {
  return {.values = {std::move(parts.first), std::move(parts.second)}};
}

graph::NodeDef split() {
  graph::NodeDef def = split_base("SplitSigmas", "Cuts a schedule in two at a step.");
  def.inputs = graph::inputs(
      graph::socket("sigmas", "SIGMAS"),
      graph::input("step", "INT", {{"default", 0}, {"min", 0}, {"max", 10000}}));
  def.run = [](const NodeCall& call) -> NodeResult {
    return two_lists(split_sigmas(sigmas_of(call), static_cast<int>(call.integer("step"))));
  };
  return def;
}

graph::NodeDef split_denoise() {
  graph::NodeDef def = split_base("SplitSigmasDenoise", "Cuts off a share of the last steps.");
  def.inputs = graph::inputs(graph::socket("sigmas", "SIGMAS"),
                             graph::input("denoise", "FLOAT", float_options(1, 0, 1, 0.01)));
  def.run = [](const NodeCall& call) -> NodeResult {
    return two_lists(split_sigmas_denoise(sigmas_of(call), call.number("denoise")));
  };
  return def;
}

graph::NodeDef flip() {
  graph::NodeDef def = base("FlipSigmas", "Turns a schedule round, to make noise of a picture.");
  def.inputs = graph::inputs(graph::socket("sigmas", "SIGMAS"));
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {flip_sigmas(sigmas_of(call))}};
  };
  return def;
}

graph::NodeDef set_first() {
  graph::NodeDef def = base("SetFirstSigma", "Replaces the first sigma.");
  def.inputs =
      graph::inputs(graph::socket("sigmas", "SIGMAS"),
                    graph::input("sigma", "FLOAT", exact(float_options(136, 0, 20000, 0.001))));
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {set_first_sigma(sigmas_of(call), static_cast<float>(call.number("sigma")))}};
  };
  return def;
}

graph::NodeDef extend() {
  graph::NodeDef def = base("ExtendIntermediateSigmas", "Puts further steps between those in a range.");
  def.inputs = graph::inputs(
      graph::socket("sigmas", "SIGMAS"),
      graph::input("steps", "INT", {{"default", 2}, {"min", 1}, {"max", 100}}),
      graph::input("start_at_sigma", "FLOAT", exact(float_options(-1, -1, 20000, 0.01))),
      graph::input("end_at_sigma", "FLOAT", exact(float_options(12, 0, 20000, 0.01))),
      graph::combo("spacing", {"linear", "cosine", "sine"}));
  def.run = [](const NodeCall& call) -> NodeResult {
    const std::string& spacing = call.text("spacing");
    return {.values = {extend_sigmas(sigmas_of(call),
                                     {.steps = static_cast<int>(call.integer("steps")),
                                      .start_at_sigma = call.number("start_at_sigma"),
                                      .end_at_sigma = call.number("end_at_sigma"),
                                      .spacing = spacing == "cosine" ? Spacing::cosine
                                                 : spacing == "sine" ? Spacing::sine
                                                                     : Spacing::linear})}};
  };
  return def;
}

graph::NodeDef manual() {
  graph::NodeDef def = base("ManualSigmas", "A schedule written down number by number.");
  def.experimental = true;
  def.inputs = {graph::input("sigmas", "STRING", {{"default", "1, 0.5"}, {"multiline", false}})};
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {parse_sigmas(call.text("sigmas"))}};
  };
  return def;
}

graph::NodeDef percent_to_sigma() {
  graph::NodeDef def = base("SamplingPercentToSigma", "The sigma at which a share of the run is done.");
  def.outputs = {{.type = "FLOAT", .name = "sigma_value"}};
  def.inputs = graph::inputs(
      graph::socket("model", "MODEL"),
      graph::input("sampling_percent", "FLOAT", float_options(0, 0, 1, 0.0001)),
      graph::input("return_actual_sigma", "BOOLEAN",
                   {{"default", false},
                    {"tooltip", "At the ends, the model's own sigmas in place of infinity and 0."}}));
  def.run = [](const NodeCall& call) -> NodeResult {
    const ModelSampling& sampling = call.get<Model>("model").sampling;
    return {.values = {percent_to_sigma(sampling, call.number("sampling_percent"),
                                        call.boolean("return_actual_sigma"))}};
  };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> sigma_nodes() {
  return {split(), split_denoise(), flip(), set_first(), extend(), manual(), percent_to_sigma()};
}

}  // namespace sagitta::nodes
