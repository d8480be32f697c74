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

// The picture or latent, larger.
Link add_enlarged(graph::Prompt& prompt, const SecondPass& pass, const Link& sampled,
                  const Link& vae) {
  const bool by_scale = pass.width == 0;
  Inputs size{{"upscale_method", Json(pass.method)}};
  if (by_scale) {
    size.emplace_back("scale_by", Json(pass.scale));
  } else {
    size.emplace_back("width", Json(pass.width));
    size.emplace_back("height", Json(pass.height));
    size.emplace_back("crop", Json("center"));
  }
  if (pass.in_latent) {
    size.emplace_back("samples", sampled);
    return add(prompt, "15", by_scale ? "LatentUpscaleBy" : "LatentUpscale", "Upscale Latent",
               std::move(size));
  }
  size.emplace_back(
      "image", add(prompt, "16", "VAEDecode", "VAE Decode", {{"samples", sampled}, {"vae", vae}}));
  const Link image =
      add(prompt, "15", by_scale ? "ImageScaleBy" : "ImageScale", "Upscale Image", std::move(size));
  return add(prompt, "17", "VAEEncode", "VAE Encode", {{"pixels", image}, {"vae", vae}});
}

Link add_second_pass(graph::Prompt& prompt, const SecondPass& pass, const Link& sampled,
                     const Link& vae, Inputs inputs) {
  const SampleParams& sampling = pass.sampling;
  const Inputs more{{"add_noise", Json("enable")},
                    {"noise_seed", Json(sampling.seed)},
                    {"steps", Json(sampling.steps)},
                    {"cfg", Json(sampling.cfg)},
                    {"sampler_name", Json(sampling.sampler)},
                    {"scheduler", Json(sampling.scheduler)},
                    {"latent_image", add_enlarged(prompt, pass, sampled, vae)},
                    {"start_at_step", Json(sampling.start_step)},
                    {"end_at_step", Json(sampling.last_step)},
                    {"return_with_leftover_noise", Json("disable")}};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return add(prompt, "18", "KSamplerAdvanced", "Second Pass", std::move(inputs));
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
  Link vae = output(checkpoint, 2);
  if (!generation.vae.empty())
    vae = add(prompt, "14", "VAELoader", "Load VAE", {{"vae_name", Json(generation.vae)}});
  constexpr int kFirstLoraId = 20;
  for (std::size_t i = 0; i < generation.loras.size(); ++i) {
    const LoraChoice& lora = generation.loras[i];
    model = add(prompt, std::to_string(kFirstLoraId + i), "LoraLoader", "Load LoRA",
                {{"model", model},
                 {"clip", clip},
                 {"lora_name", Json(lora.file.string())},
                 {"strength_model", Json(lora.strength)},
                 {"strength_clip", Json(lora.clip_strength.value_or(lora.strength))}});
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
  Link sampled = add(prompt, "3", "KSampler", "KSampler",
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
  if (generation.second_pass) {
    sampled = add_second_pass(prompt, *generation.second_pass, sampled, vae,
                              {{"model", model}, {"positive", positive}, {"negative", negative}});
  }
  const Link image =
      add(prompt, kImageNode, "VAEDecode", "VAE Decode", {{"samples", sampled}, {"vae", vae}});
  add(prompt, kSaveNode, "SaveImage", "Save Image",
      {{"images", image}, {"filename_prefix", Json(generation.filename_prefix)}});
  return prompt;
}

}  // namespace sagitta::cli
