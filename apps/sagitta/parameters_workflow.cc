#include "parameters_workflow.h"

#include "generate_graph.h"
#include "sagitta/base/log.h"
#include "sagitta/graph/parameters.h"
#include "sagitta/nodes/folders.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The file of a folder that the name means: itself, or without folder and ending. A name that means
// none gets the usual ending.
std::string file_for(const nodes::Services& services, std::string_view kind,
                     const std::string& name) {
  const auto means = [&](const fs::path& file, bool whole) {
    const fs::path known = whole ? file : file.filename();
    return lower(known.generic_string()) == lower(name) ||
           lower((known.parent_path() / known.stem()).generic_string()) == lower(name);
  };
  const std::vector<std::string> files = nodes::list_models(services, kind);
  for (const bool whole : {true, false}) {
    const auto it =
        std::ranges::find_if(files, [&](const fs::path& file) { return means(file, whole); });
    if (it != files.end()) return *it;
  }
  return name.empty() || name.ends_with(".safetensors") ? name : name + ".safetensors";
}

// The names of embeddings that a prompt may use.
std::vector<std::string> embedding_names(const nodes::Services& services,
                                         std::vector<std::string> listed) {
  for (const fs::path file : nodes::list_models(services, "embeddings")) {
    listed.push_back(file.stem().string());
  }
  return listed;
}

// A1111's second pass counts as its first one does: of n steps at strength d it runs the last
// floor(n d) + 1.
int first_step(int steps, double denoise) {
  const auto run = static_cast<int>(std::min(std::clamp(denoise, 0.0, 1.0), 0.999) * steps) + 1;
  return std::max(steps - run, 0);
}

SecondPass second_pass(const graph::HiresFix& hires, const SampleParams& first, double denoise,
                       std::vector<std::string>& notes) {
  SecondPass pass{.scale = hires.scale, .sampling = first};
  if (hires.size) std::tie(pass.width, pass.height) = *hires.size;
  if (hires.steps > 0)
    pass.sampling.steps =
        static_cast<int>(std::min<std::int64_t>(hires.steps, SampleParams::kMostSteps));
  if (hires.cfg) pass.sampling.cfg = static_cast<float>(*hires.cfg);
  if (!hires.sampler.empty()) {
    pass.sampling.sampler = hires.sampler;
    pass.sampling.scheduler = hires.scheduler;
  }
  pass.sampling.start_step = first_step(pass.sampling.steps, denoise);
  const std::string name = lower(hires.upscaler);
  pass.in_latent = name.starts_with("latent");
  if (pass.in_latent) {
    if (name.find("nearest") != std::string::npos) pass.method = "nearest-exact";
    if (name.find("bicubic") != std::string::npos) pass.method = "bicubic";
  } else {
    pass.method = name == "nearest" || name == "none" ? "nearest-exact" : "lanczos";
    if (pass.method == "lanczos" && name != "lanczos") {
      notes.push_back(fmt::format("the upscaler '{}' is replaced by Lanczos", hires.upscaler));
    }
  }
  return pass;
}

SampleParams sampling_of(const graph::Parameters& parameters) {
  SampleParams sampling;
  if (!parameters.sampler.empty()) {
    sampling.sampler = parameters.sampler;
    sampling.scheduler = parameters.scheduler;
  }
  if (parameters.steps) {
    sampling.steps = static_cast<int>(
        std::clamp<std::int64_t>(*parameters.steps, 0, SampleParams::kMostSteps + 1));
  }
  if (parameters.cfg) sampling.cfg = static_cast<float>(*parameters.cfg);
  if (parameters.seed) sampling.seed = *parameters.seed;
  return sampling;
}

Generation generation_of(graph::Parameters& parameters, const nodes::Services& services) {
  Generation generation;
  generation.model = file_for(services, "checkpoints", parameters.model);
  if (!parameters.vae.empty()) generation.vae = file_for(services, "vae", parameters.vae);
  for (const graph::LoraTag& lora : parameters.loras) {
    generation.loras.push_back({.file = file_for(services, "loras", lora.name),
                                .strength = lora.model,
                                .clip_strength = lora.clip});
  }
  const std::vector<std::string> embeddings = embedding_names(services, parameters.embeddings);
  generation.prompt = graph::mark_embeddings(parameters.prompt, embeddings);
  generation.negative = graph::mark_embeddings(parameters.negative, embeddings);
  if (parameters.size) std::tie(generation.width, generation.height) = *parameters.size;
  generation.sampling = sampling_of(parameters);
  generation.clip_skip = std::max(parameters.clip_skip, 1);
  if (parameters.hires) {
    generation.second_pass = second_pass(*parameters.hires, generation.sampling,
                                         parameters.denoise.value_or(0.7), parameters.notes);
  }
  if (parameters.sag) {
    SagOptions sag;
    if (parameters.sag->scale) sag.scale = static_cast<float>(*parameters.sag->scale);
    if (parameters.sag->blur_sigma)
      sag.blur_sigma = static_cast<float>(*parameters.sag->blur_sigma);
    if (parameters.sag->threshold) sag.threshold = static_cast<float>(*parameters.sag->threshold);
    generation.sag = sag;
  }
  return generation;
}

}  // namespace

graph::Workflow workflow_from_parameters(std::string_view text, const std::string& name,
                                         const graph::ServicesRef& services) {
  graph::Parameters parameters = graph::read_parameters(text);
  const Generation generation = generation_of(parameters, services.get<nodes::Services>());
  if (generation.model.empty()) {
    parameters.notes.push_back("it names no model: give one with --set 4.ckpt_name=FILE");
  }
  for (const std::string& note : parameters.notes) log(LogLevel::warning, "{}: {}", name, note);
  if (!parameters.unknown.empty()) {
    log(LogLevel::warning, "{}: not understood and left out: {}", name,
        fmt::join(parameters.unknown, "; "));
  }
  return {.prompt = generation_graph(generation), .extra_pnginfo = {}};
}

}  // namespace sagitta::cli
