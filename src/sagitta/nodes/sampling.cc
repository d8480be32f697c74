#include "sagitta/graph/widgets.h"
#include "sagitta/insight/watch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/sampling_inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

graph::Input advanced(graph::Input input) {
  (*input.options)["advanced"] = true;
  return input;
}

graph::Input switch_input(std::string name, std::string first, std::string second) {
  return graph::combo(std::move(name), {std::move(first), std::move(second)}, Json{{"advanced", true}});
}

NodeResult run(const NodeCall& call, SampleParams params) {
  const auto& model = call.get<Model>("model");
  Latent latent = call.get<Latent>("latent_image");
  RunScratch scratch;
  params.scratch = &scratch;
  latent.samples = sample(model, call.get<Conditioning>("positive"),
                          call.get<Conditioning>("negative"), latent, params,
                          show_progress(call, model));
  latent.insight = insight_of(model, scratch);
  return {.values = {std::move(latent)}};
}

SampleParams read_params(const NodeCall& call) {
  auto params = graph::read<SampleParams>(call);
  params.sampler = call.text("sampler_name");
  params.scheduler = call.text("scheduler");
  return params;
}

NodeResult run_ksampler(const NodeCall& call) {
  return run(call, read_params(call));
}

NodeResult run_ksampler_advanced(const NodeCall& call) {
  SampleParams params = read_params(call);
  params.seed = call.seed("noise_seed");
  params.add_noise = call.text("add_noise") == "enable";
  params.full_denoise = call.text("return_with_leftover_noise") == "disable";
  return run(call, std::move(params));
}

graph::NodeDef ksampler() {
  return {.id = "KSampler",
          .display_name = "KSampler",
          .category = "model/sampling",
          .description = "Denoises a latent with the model, guided by two conditionings.",
          .inputs = graph::inputs(
              graph::socket("model", "MODEL", "The model that denoises."), seed_widget("seed"),
              sample_widget("steps"), sample_widget("cfg"),
              sampler_choice(Json{{"tooltip", "The rule that walks down the noise levels."}}),
              scheduler_choice(Json{{"tooltip", "How the noise levels are spaced."}}),
              graph::socket("positive", "CONDITIONING", "What the picture should show."),
              graph::socket("negative", "CONDITIONING", "What it should not show."),
              graph::socket("latent_image", "LATENT", "The latent to start from."),
              sample_widget("denoise")),
          .outputs = {{.type = "LATENT"}},
          .run = run_ksampler};
}

graph::NodeDef ksampler_advanced() {
  return {.id = "KSamplerAdvanced",
          .display_name = "KSampler (Advanced)",
          .category = "model/sampling",
          .description = "A sampler for a window of the schedule; runs can be chained.",
          .inputs = graph::inputs(
              graph::socket("model", "MODEL"), switch_input("add_noise", "enable", "disable"),
              seed_widget("noise_seed"), sample_widget("steps"), sample_widget("cfg"),
              sampler_choice(),
              scheduler_choice(),
              graph::socket("positive", "CONDITIONING"), graph::socket("negative", "CONDITIONING"),
              graph::socket("latent_image", "LATENT"), advanced(sample_widget("start_at_step")),
              advanced(sample_widget("end_at_step")),
              switch_input("return_with_leftover_noise", "disable", "enable")),
          .outputs = {{.type = "LATENT"}},
          .run = run_ksampler_advanced};
}

}  // namespace

std::vector<graph::NodeDef> sampling_nodes() { return {ksampler(), ksampler_advanced()}; }

}  // namespace sagitta::nodes
