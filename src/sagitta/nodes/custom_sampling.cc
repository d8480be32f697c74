// Sampling put together from parts: noise, a guider, a sampler, a list of sigmas.
#include "sagitta/diffusion/schedule.h"
#include "sagitta/insight/watch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/sampling_inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

// The latent that a run started from, with the two results in its place.
NodeResult run(const NodeCall& call, const Guider& guider, const NoiseSource& noise,
               std::uint64_t seed) {
  const auto& start = call.get<Latent>("latent_image");
  RunScratch scratch;
  CustomResult result = sample_custom(guider, start,
                                      {.sampler = call.get<SamplerDef>("sampler"),
                                       .sigmas = call.get<Sigmas>("sigmas"),
                                       .noise = noise(start.samples.shape(), start.batch_index),
                                       .seed = seed,
                                       .scratch = &scratch},
                                      show_progress(call, guider.model));
  Latent output = start;
  Latent denoised = start;
  output.insight = insight_of(guider.model, scratch);
  denoised.insight = output.insight;
  output.samples = std::move(result.samples);
  denoised.samples = std::move(result.denoised);
  return {.values = {std::move(output), std::move(denoised)}};
}

std::vector<graph::Output> two_latents() {
  return {{.type = "LATENT", .name = "output"}, {.type = "LATENT", .name = "denoised_output"}};
}

graph::NodeDef sampler_custom() {
  return {.id = "SamplerCustom",
          .category = "model/sampling/custom",
          .description = "Classifier-free guidance with a sampler and sigmas of your own.",
          .inputs = graph::inputs(
              graph::socket("model", "MODEL"),
              graph::input("add_noise", "BOOLEAN", {{"advanced", true}, {"default", true}}),
              seed_widget("noise_seed"), sample_widget("cfg"),
              graph::socket("positive", "CONDITIONING"), graph::socket("negative", "CONDITIONING"),
              graph::socket("sampler", "SAMPLER"), graph::socket("sigmas", "SIGMAS"),
              graph::socket("latent_image", "LATENT")),
          .outputs = two_latents(),
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            const std::uint64_t seed = call.seed("noise_seed");
            const Guider guider =
                cfg_guider(call.get<Model>("model"), call.get<Conditioning>("positive"),
                           call.get<Conditioning>("negative"),
                           static_cast<float>(call.number("cfg")));
            return run(call, guider, {.seed = seed, .enabled = call.boolean("add_noise")}, seed);
          }};
}

graph::NodeDef sampler_custom_advanced() {
  return {.id = "SamplerCustomAdvanced",
          .category = "model/sampling/custom",
          .description = "Sampling with noise, guider, sampler and sigmas of your own.",
          .inputs = graph::inputs(graph::socket("noise", "NOISE"), graph::socket("guider", "GUIDER"),
                                  graph::socket("sampler", "SAMPLER"),
                                  graph::socket("sigmas", "SIGMAS"),
                                  graph::socket("latent_image", "LATENT")),
          .outputs = two_latents(),
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            const auto& noise = call.get<NoiseSource>("noise");
            return run(call, call.get<Guider>("guider"), noise, noise.seed);
          }};
}

graph::NodeDef random_noise() {
  return {.id = "RandomNoise",
          .category = "model/sampling/noise",
          .description = "Noise of a seed.",
          .inputs = {seed_widget("noise_seed")},
          .outputs = {{.type = "NOISE"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {NoiseSource{.seed = call.seed("noise_seed")}}};
          }};
}

graph::NodeDef disable_noise() {
  return {.id = "DisableNoise",
          .category = "model/sampling/noise",
          .description = "No noise: for latents that are noisy already.",
          .outputs = {{.type = "NOISE"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall&) -> NodeResult {
            return {.values = {NoiseSource{.enabled = false}}};
          }};
}

graph::NodeDef add_noise_node() {
  return {.id = "AddNoise",
          .category = "model/sampling/noise",
          .description = "Adds the noise to a latent that a run over the sigmas takes away.",
          .inputs = graph::inputs(graph::socket("model", "MODEL"), graph::socket("noise", "NOISE"),
                                  graph::socket("sigmas", "SIGMAS"),
                                  graph::socket("latent_image", "LATENT")),
          .outputs = {{.type = "LATENT"}},
          .style = graph::NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            Latent latent = call.get<Latent>("latent_image");
            latent.samples = add_noise(call.get<Model>("model"), latent,
                                       call.get<NoiseSource>("noise"), call.get<Sigmas>("sigmas"));
            return {.values = {std::move(latent)}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> custom_sampling_nodes() {
  return {sampler_custom(), sampler_custom_advanced(), random_noise(), disable_noise(),
          add_noise_node()};
}

}  // namespace sagitta::nodes
