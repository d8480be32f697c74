// Samplers as values: by name, or with options.
#include "sagitta/diffusion/samplers/dpm_solver.h"
#include "sagitta/diffusion/samplers/dpmpp_2s_ancestral.h"
#include "sagitta/diffusion/samplers/dpmpp_multistep_sde.h"
#include "sagitta/diffusion/samplers/dpmpp_sde.h"
#include "sagitta/diffusion/samplers/er_sde.h"
#include "sagitta/diffusion/samplers/lcm.h"
#include "sagitta/diffusion/samplers/lcm_upscale.h"
#include "sagitta/diffusion/samplers/lms.h"
#include "sagitta/diffusion/samplers/sa_solver.h"
#include "sagitta/diffusion/samplers/seeds.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/sampling_inputs.h"

#include <type_traits>
#include <utility>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

// A node around the function of a sampler, without inputs.
graph::NodeDef base(std::string id, std::string description) {
  return {.id = std::move(id),
          .category = "model/sampling/samplers",
          .description = std::move(description),
          .outputs = {{.type = "SAMPLER"}},
          .style = graph::NodeStyle::schema};
}

// A node whose inputs are the fields of Params, behind the inputs it has already.
template <class Params>
graph::NodeDef with_options(graph::NodeDef def, std::string_view sampler,
                            Array (*sample)(const SamplerRun&, Array, const Params&),
                            const WidgetLook& look = {}) {
  def.inputs = graph::inputs(std::move(def.inputs), option_widgets<Params>(look));
  def.run = [sampler, sample](const NodeCall& call) -> NodeResult {
    return {.values = {sampler_with(sampler, sample, graph::read<Params>(call))}};
  };
  return def;
}

// The same with a choice called solver_type in front.
template <class Params>
using SolverNames = std::vector<std::pair<std::string, decltype(Params::solver_type)>>;

template <class Params>
graph::NodeDef with_solver(graph::NodeDef def, std::string_view sampler,
                           Array (*sample)(const SamplerRun&, Array, const Params&),
                           const std::type_identity_t<SolverNames<Params>>& solvers) {
  std::vector<std::string> names;
  for (const auto& [name, solver] : solvers) names.push_back(name);
  def.inputs = graph::inputs(graph::combo("solver_type", std::move(names)),
                             option_widgets<Params>());
  def.run = [sampler, sample, solvers](const NodeCall& call) -> NodeResult {
    Params params = graph::read<Params>(call);
    for (const auto& [name, solver] : solvers) {
      if (name == call.text("solver_type")) params.solver_type = solver;
    }
    return {.values = {sampler_with(sampler, sample, params)}};
  };
  return def;
}

// Noise is drawn on the host whatever device runs the network.
graph::NodeDef with_noise_device(graph::NodeDef def) {
  def.inputs.push_back(graph::combo(
      "noise_device", {"gpu", "cpu"},
      Json{{"advanced", true}, {"tooltip", "Without effect: noise is the same on every device."}}));
  return def;
}

graph::NodeDef select() {
  graph::NodeDef def = base("KSamplerSelect", "A sampler by its name.");
  def.inputs = {sampler_choice()};
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {find_sampler(call.text("sampler_name"))}};
  };
  return def;
}

graph::NodeDef dpm_adaptive() {
  return with_options(base("SamplerDPMAdaptative", "DPM-Solver that chooses its own steps."),
                      "dpm_adaptive", sampling::dpm_adaptive);
}

graph::NodeDef sa_solver() {
  graph::NodeDef def = base("SamplerSASolver", "Stochastic Adams method with a corrector.");
  def.inputs = {graph::socket("model", "MODEL", "The model whose schedule the percents refer to.")};
  def = with_options(std::move(def), "sa_solver", sampling::sa_solver);
  for (graph::Input& input : def.inputs) {
    const bool percent = input.name.ends_with("_percent");
    if (percent) input.options->erase("round");
    if (input.type == "BOOLEAN") input.options->erase("default");
  }
  def.run = [](const NodeCall& call) -> NodeResult {
    const auto params = graph::read<sampling::SaSolverParams>(call);
    return {.values = {sampler_with(params.use_pece ? "sa_solver_pece" : "sa_solver",
                                    sampling::sa_solver, params)}};
  };
  return def;
}

graph::NodeDef lcm_upscale() {
  graph::NodeDef def = base("SamplerLCMUpscale", "LCM that enlarges the latent on its way.");
  def.inputs = graph::inputs(
      option_widgets<sampling::LcmUpscaleParams>({.exact = false}),
      graph::combo("upscale_method", {"bislerp", "nearest-exact", "bilinear", "area", "bicubic"}));
  def.run = [](const NodeCall& call) -> NodeResult {
    auto params = graph::read<sampling::LcmUpscaleParams>(call);
    params.method = resize_method(call.text("upscale_method"));
    return {.values = {sampler_with("lcm", sampling::lcm_upscale, params)}};
  };
  return def;
}

graph::NodeDef euler_cfg_pp() {
  graph::NodeDef def = base("SamplerEulerCFGpp", "Euler's method in the CFG++ form.");
  def.display_name = "SamplerEulerCFG++";
  def.category = "experimental";
  def.experimental = true;
  def.inputs = {graph::combo("version", {"regular", "alternative"}, Json{{"advanced", true}})};
  def.run = [](const NodeCall& call) -> NodeResult {
    SamplerDef sampler = find_sampler("euler_cfg_pp");
    if (call.text("version") == "alternative") sampler.run = sampling::euler_cfg_pp_alternative;
    return {.values = {std::move(sampler)}};
  };
  return def;
}

graph::NodeDef euler_ancestral_cfg_pp() {
  graph::NodeDef def =
      with_options(base("SamplerEulerAncestralCFGPP", "Euler with fresh noise in the CFG++ form."),
                   "euler_ancestral_cfg_pp", sampling::euler_ancestral_cfg_pp, {.advanced = false});
  def.display_name = "SamplerEulerAncestralCFG++";
  def.inputs = graph::with_option(std::move(def.inputs), "eta", "max", 1.0);
  def.inputs = graph::with_option(std::move(def.inputs), "s_noise", "max", 10.0);
  return def;
}

}  // namespace

std::vector<graph::NodeDef> sampler_nodes() {
  return {
      select(),
      with_options(base("SamplerEulerAncestral", "Euler with fresh noise in each step."),
                   "euler_ancestral", sampling::euler_ancestral),
      euler_ancestral_cfg_pp(),
      euler_cfg_pp(),
      with_options(base("SamplerLMS", "Linear multistep method."), "lms", sampling::lms),
      with_options(base("SamplerDPMPP_2S_Ancestral", "DPM-Solver++(2S) with fresh noise."),
                   "dpmpp_2s_ancestral", sampling::dpmpp_2s_ancestral, {.advanced = false}),
      with_noise_device(with_options(base("SamplerDPMPP_SDE", "DPM-Solver++(2S) for the SDE."),
                                     "dpmpp_sde", sampling::dpmpp_sde)),
      with_noise_device(with_solver(base("SamplerDPMPP_2M_SDE", "DPM-Solver++(2M) for the SDE."),
                                    "dpmpp_2m_sde", sampling::dpmpp_2m_sde,
                                    {{"midpoint", sampling::SdeSolver::midpoint},
                                     {"heun", sampling::SdeSolver::heun}})),
      with_noise_device(with_options(base("SamplerDPMPP_3M_SDE", "DPM-Solver++(3M) for the SDE."),
                                     "dpmpp_3m_sde", sampling::dpmpp_3m_sde)),
      dpm_adaptive(),
      with_options(base("SamplerLCM", "Sampler of latent consistency models."), "lcm",
                   sampling::lcm, {.advanced = false, .exact = false}),
      lcm_upscale(),
      with_solver(base("SamplerER_SDE", "Extended reverse-time SDE solver."), "er_sde",
                  sampling::er_sde,
                  {{"ER-SDE", sampling::ErSdeSolver::er_sde},
                   {"Reverse-time SDE", sampling::ErSdeSolver::reverse_time_sde},
                   {"ODE", sampling::ErSdeSolver::ode}}),
      with_solver(base("SamplerSEEDS2", "Stochastic exponential solver of two stages."), "seeds_2",
                  sampling::seeds_2,
                  {{"phi_1", sampling::SeedsSolver::phi_1}, {"phi_2", sampling::SeedsSolver::phi_2}}),
      sa_solver(),
  };
}

}  // namespace sagitta::nodes
