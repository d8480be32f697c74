#include "generate_graph.h"

#include "sagitta/base/error.h"

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace sagitta::cli {
namespace {

using graph::InputValue;
using graph::Link;
using graph::PromptNode;

using Inputs = std::vector<std::pair<std::string, InputValue>>;

Link add(graph::Prompt& prompt, std::string id, std::string class_type, std::string title,
         Inputs inputs) {
  prompt.add(PromptNode{.id = id,
                        .class_type = std::move(class_type),
                        .title = std::move(title),
                        .inputs = std::move(inputs)});
  return Link{.node = std::move(id), .slot = 0};
}

Link output(Link link, std::int64_t slot) {
  link.slot = slot;
  return link;
}

// The plain node where it says all, so that ComfyUI can open the graph.
Link add_sag(graph::Prompt& prompt, Link model, const SagOptions& sag) {
  Inputs all{{"model", std::move(model)}};
  bool plain = true;
  const SagOptions defaults;
  for_each_field(sag, [&](const auto& f, const auto& value) {
    all.emplace_back(std::string(f.name), Json(value));
    const bool in_plain = f.name == "scale" || f.name == "blur_sigma";
    plain = plain && (in_plain || value == defaults.*(f.member));
  });
  if (plain) all.resize(3);  // model, scale, blur_sigma
  return add(prompt, "10", plain ? "SelfAttentionGuidance" : "SelfAttentionGuidanceAdvanced",
             "Self-Attention Guidance", std::move(all));
}

}  // namespace

LoraChoice parse_lora(const std::string& text, double strength) {
  const auto colon = text.rfind(':');
  double own = 0;
  if (colon != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, own);
    if (error == std::errc() && stop == end && std::isfinite(own)) {
      return {.file = text.substr(0, colon), .strength = own};
    }
  }
  return {.file = text, .strength = strength};
}

graph::Prompt generation_graph(const Generation& generation) {
  require(generation.image.empty() || generation.batch == 1, Fault::bad_input,
          "--batch {} does not go with --image: a picture starts a batch of one", generation.batch);
  graph::Prompt prompt;
  const SampleParams& sampling = generation.sampling;
  const Link checkpoint = add(prompt, "4", "CheckpointLoaderSimple", "Load Checkpoint",
                              {{"ckpt_name", Json(generation.model)}});
  Link model = checkpoint;
  Link clip = output(checkpoint, 1);
  const Link vae = output(checkpoint, 2);
  constexpr int kFirstLoraId = 20;
  for (std::size_t i = 0; i < generation.loras.size(); ++i) {
    const LoraChoice& lora = generation.loras[i];
    model = add(prompt, std::to_string(kFirstLoraId + i), "LoraLoader", "Load LoRA",
                {{"model", model},
                 {"clip", clip},
                 {"lora_name", Json(lora.file.string())},
                 {"strength_model", Json(lora.strength)},
                 {"strength_clip", Json(lora.strength)}});
    clip = output(model, 1);
  }
  if (generation.sag.scale != 0) model = add_sag(prompt, model, generation.sag);
  if (generation.clip_skip > 1) {
    clip = add(prompt, "11", "CLIPSetLastLayer", "CLIP Set Last Layer",
               {{"clip", clip}, {"stop_at_clip_layer", Json(-generation.clip_skip)}});
  }
  const Link positive = add(prompt, "6", "CLIPTextEncode", "Prompt",
                            {{"text", Json(generation.prompt)}, {"clip", clip}});
  const Link negative = add(prompt, "7", "CLIPTextEncode", "Negative Prompt",
                            {{"text", Json(generation.negative)}, {"clip", clip}});
  Link latent;
  if (!generation.image.empty()) {
    const Link image =
        add(prompt, "12", "LoadImage", "Load Image", {{"image", Json(generation.image)}});
    latent = add(prompt, "13", "VAEEncode", "VAE Encode", {{"pixels", image}, {"vae", vae}});
  } else {
    latent = add(prompt, "5", "EmptyLatentImage", "Empty Latent Image",
                 {{"width", Json(generation.width)},
                  {"height", Json(generation.height)},
                  {"batch_size", Json(generation.batch)}});
  }
  const Link sampled = add(prompt, "3", "KSampler", "KSampler",
                           {{"model", model},
                            {"seed", Json(sampling.seed)},
                            {"steps", Json(sampling.steps)},
                            {"cfg", Json(sampling.cfg)},
                            {"sampler_name", Json(sampling.sampler)},
                            {"scheduler", Json(sampling.scheduler)},
                            {"positive", positive},
                            {"negative", negative},
                            {"latent_image", latent},
                            {"denoise", Json(sampling.denoise)}});
  const Link image =
      add(prompt, kImageNode, "VAEDecode", "VAE Decode", {{"samples", sampled}, {"vae", vae}});
  add(prompt, kSaveNode, "SaveImage", "Save Image",
      {{"images", image}, {"filename_prefix", Json(generation.filename_prefix)}});
  return prompt;
}

}  // namespace sagitta::cli
