// Schedules as values: of a model by name, or by formula.
#include "sagitta/diffusion/custom_schedule.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/sampling_inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

graph::NodeDef base(std::string id, std::string description) {
  return {.id = std::move(id),
          .category = "model/sampling/schedulers",
          .description = std::move(description),
          .outputs = {{.type = "SIGMAS"}},
          .style = graph::NodeStyle::schema};
}

template <class Params>
graph::NodeDef by_formula(graph::NodeDef def, Sigmas (*sigmas)(const Params&)) {
  def.inputs = option_widgets<Params>();
  def.run = [sigmas](const NodeCall& call) -> NodeResult {
    return {.values = {sigmas(graph::read<Params>(call))}};
  };
  return def;
}

graph::Input steps_widget(int value, int most = kMaxSteps) {
  return graph::input(
      "steps", "INT",
      {{"default", value}, {"min", 1}, {"max", most}, {"tooltip", "Steps of the run."}});
}

const ModelSampling& sampling_of(const NodeCall& call) { return call.get<Model>("model").sampling; }

int steps_of(const NodeCall& call) { return static_cast<int>(call.integer("steps")); }

graph::NodeDef basic() {
  graph::NodeDef def = base("BasicScheduler", "A schedule of the model by its name.");
  def.inputs = graph::inputs(graph::socket("model", "MODEL"), scheduler_choice(), steps_widget(20),
                             sample_widget("denoise"));
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {make_sigmas(find_scheduler(call.text("scheduler")), sampling_of(call),
                                   steps_of(call), call.number("denoise"))}};
  };
  return def;
}

graph::NodeDef beta() {
  graph::NodeDef def = base("BetaSamplingScheduler", "Steps at quantiles of a beta distribution.");
  def.inputs = graph::inputs(graph::socket("model", "MODEL"), option_widgets<BetaSamplingParams>());
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {beta_sigmas(sampling_of(call), graph::read<BetaSamplingParams>(call))}};
  };
  return def;
}

graph::NodeDef sd_turbo() {
  constexpr int kMostSteps = 10;
  graph::Input denoise = sample_widget("denoise");
  (*denoise.options)["min"] = 0;
  graph::NodeDef def = base("SDTurboScheduler", "The timesteps of models distilled to few steps.");
  def.inputs = graph::inputs(graph::socket("model", "MODEL"), steps_widget(1, kMostSteps),
                             std::move(denoise));
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {sd_turbo_sigmas(sampling_of(call), steps_of(call), call.number("denoise"))}};
  };
  return def;
}

graph::NodeDef align_your_steps() {
  graph::NodeDef def = base("AlignYourStepsScheduler", "Schedules optimised for a kind of model.");
  def.inputs = graph::inputs(graph::combo("model_type", {"SD1", "SDXL", "SVD"}), steps_widget(10),
                             sample_widget("denoise"));
  def.run = [](const NodeCall& call) -> NodeResult {
    const std::string& type = call.text("model_type");
    const auto model = type == "SD1"    ? AlignYourStepsModel::sd1
                       : type == "SDXL" ? AlignYourStepsModel::sdxl
                                        : AlignYourStepsModel::svd;
    return {.values = {align_your_steps_sigmas(model, steps_of(call), call.number("denoise"))}};
  };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> scheduler_nodes() {
  return {basic(),
          by_formula(base("KarrasScheduler", "Equal steps in sigma^(1/rho)."), karras_sigmas),
          by_formula(base("ExponentialScheduler", "Equal steps in log sigma."), exponential_sigmas),
          by_formula(base("PolyexponentialScheduler", "Powers of equal steps in log sigma."),
                     polyexponential_sigmas),
          by_formula(base("LaplaceScheduler", "Quantiles of a Laplace distribution of log sigma."),
                     laplace_sigmas),
          by_formula(base("VPScheduler", "The continuous variance-preserving process."), vp_sigmas),
          beta(),
          sd_turbo(),
          align_your_steps()};
}

}  // namespace sagitta::nodes
