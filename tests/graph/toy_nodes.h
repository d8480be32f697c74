// A small registry with ComfyUI's names, whose values are texts that say how they were made.
#pragma once

#include "sagitta/graph/registry.h"
#include "sagitta/graph/widgets.h"

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace sagitta::graph::toy {

struct Model {
  std::string text;
};
struct Clip {
  std::string text;
};
struct Text {
  std::string text;
};

// What the toy nodes ask of the program.
struct Services {
  std::vector<std::string> checkpoints = {"a.safetensors", "b.safetensors"};
  std::vector<std::string> runs;  // class_type of every node that ran
  std::string file_time = "1";
};

struct SagParams {
  float scale = 0.5F;
  float blur_sigma = 2.0F;
  static constexpr auto fields() {
    return std::tuple{
        field("scale", &SagParams::scale, {.min = -2, .max = 5, .step = 0.01}, "Strength."),
        field("blur_sigma", &SagParams::blur_sigma, {.min = 0, .max = 10, .step = 0.1})};
  }
};

struct LatentSize {
  int width = 512;
  int height = 512;
  int batch_size = 1;
  static constexpr auto fields() {
    return std::tuple{
        field("width", &LatentSize::width, {.min = 16, .max = 16384, .step = 8}, "Pixels."),
        field("height", &LatentSize::height, {.min = 16, .max = 16384, .step = 8}),
        field("batch_size", &LatentSize::batch_size, {.min = 1, .max = 4096, .step = 0})};
  }
};

struct SamplerParams {
  std::uint64_t seed = 0;
  int steps = 20;
  float cfg = 8.0F;
  static constexpr auto fields() {
    return std::tuple{
        field("seed", &SamplerParams::seed, {.min = 0, .max = 18446744073709551615.0, .step = 0}),
        field("steps", &SamplerParams::steps, {.min = 1, .max = 10000, .step = 0}),
        field("cfg", &SamplerParams::cfg, {.min = 0, .max = 100, .step = 0.1, .round = 0.01})};
  }
};

struct DenoiseParams {
  float denoise = 1.0F;
  static constexpr auto fields() {
    return std::tuple{
        field("denoise", &DenoiseParams::denoise, {.min = 0, .max = 1, .step = 0.01})};
  }
};

inline void note(const NodeCall& call) {
  call.services.get<Services>().runs.push_back(call.class_type);
}

inline NodeDef loader() {
  const auto files = [](const ServicesRef& services) {
    return services.get<Services>().checkpoints;
  };
  return {
      .id = "CheckpointLoaderSimple",
      .display_name = "Load Checkpoint",
      .category = "model/loaders",
      .inputs = inputs(combo("ckpt_name", files, Json{{"tooltip", "The file."}})),
      .outputs = {{.type = "MODEL"}, {.type = "CLIP"}, {.type = "VAE"}},
      .run =
          [](const NodeCall& call) {
            note(call);
            const std::string& name = call.text("ckpt_name");
            return NodeResult{.values = {Model{name}, Clip{name}, Text{name}}};
          },
      .fingerprint = [](const NodeCall& call) { return call.services.get<Services>().file_time; }};
}

inline NodeDef encoder() {
  return {
      .id = "CLIPTextEncode",
      .display_name = "CLIP Text Encode (Prompt)",
      .category = "model/conditioning",
      .inputs = inputs(input("text", "STRING", {{"multiline", true}, {"dynamicPrompts", true}}),
                       socket("clip", "CLIP", "The text encoder.")),
      .outputs = {{.type = "CONDITIONING"}},
      .run = [](const NodeCall& call) {
        note(call);
        return NodeResult{.values = {Text{call.get<Clip>("clip").text + ":" + call.text("text")}}};
      }};
}

inline NodeDef latent() {
  return {.id = "EmptyLatentImage",
          .display_name = "Empty Latent Image",
          .category = "model/latent",
          .inputs = widgets<LatentSize>(),
          .outputs = {{.type = "LATENT"}},
          .run = [](const NodeCall& call) {
            note(call);
            const auto size = read<LatentSize>(call);
            return NodeResult{.values = {Text{fmt::format("{}x{}", size.width, size.height)}}};
          }};
}

inline NodeDef sag() {
  return {.id = "SelfAttentionGuidance",
          .display_name = "Self-Attention Guidance",
          .category = "experimental",
          .inputs = inputs(socket("model", "MODEL"),
                           with_option(widgets<SagParams>(), "blur_sigma", "advanced", true)),
          .outputs = {{.type = "MODEL"}},
          .style = NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) {
            note(call);
            const auto params = read<SagParams>(call);
            return NodeResult{.values = {Model{fmt::format(
                                  "{}+sag{}", call.get<Model>("model").text, params.scale)}}};
          }};
}

inline std::vector<std::string> scheduler_names() {
  return {"simple", "sgm_uniform", "karras",           "exponential", "ddim_uniform",
          "beta",   "normal",      "linear_quadratic", "kl_optimal"};
}

inline NodeDef sampler() {
  return {.id = "KSampler",
          .category = "model/sampling",
          .inputs =
              inputs(socket("model", "MODEL", "The model."),
                     with_option(widgets<SamplerParams>(), "seed", "control_after_generate", true),
                     combo("sampler_name", {"euler", "heun"}, Json::object()),
                     combo("scheduler", scheduler_names(), Json::object()),
                     socket("positive", "CONDITIONING", "What to show."),
                     socket("negative", "CONDITIONING", "What to avoid."),
                     socket("latent_image", "LATENT", "The canvas."), widgets<DenoiseParams>()),
          .outputs = {{.type = "LATENT"}},
          .run = [](const NodeCall& call) {
            note(call);
            const auto params = read<SamplerParams>(call);
            for (int step = 1; step <= params.steps; ++step) call.progress(step, params.steps);
            return NodeResult{
                .values = {Text{fmt::format("sample({}, {}, {}, {})", call.get<Model>("model").text,
                                            params.seed, call.get<Text>("positive").text,
                                            call.get<Text>("latent_image").text)}}};
          }};
}

inline NodeDef decoder() {
  return {.id = "VAEDecode",
          .display_name = "VAE Decode",
          .category = "model/latent",
          .inputs =
              inputs(socket("samples", "LATENT", "The latent."), socket("vae", "VAE", "The VAE.")),
          .outputs = {{.type = "IMAGE"}},
          .run = [](const NodeCall& call) {
            note(call);
            return NodeResult{.values = {Text{"image of " + call.get<Text>("samples").text}}};
          }};
}

inline NodeDef saver() {
  return {.id = "SaveImage",
          .display_name = "Save Image",
          .category = "image",
          .inputs = inputs(socket("images", "IMAGE", "The pictures."),
                           input("filename_prefix", "STRING", {{"default", "ComfyUI"}}),
                           hidden("prompt", "PROMPT"), hidden("extra_pnginfo", "EXTRA_PNGINFO")),
          .outputs = {{.type = "IMAGE", .name = "images"}},
          .output_node = true,
          .run =
              [](const NodeCall& call) {
                note(call);
                const Text& image = call.get<Text>("images");
                Json shown{{"images", Json::array({image.text})}};
                shown["nodes"] = call.prompt.size();
                if (call.extra_pnginfo.is_object()) shown["info"] = call.extra_pnginfo;
                return NodeResult{.values = {image}, .ui = std::move(shown)};
              },
          .check =
              [](const NodeCall& call) {
                require(call.text("filename_prefix").find("..") == std::string::npos,
                        Fault::bad_input, "filename_prefix must not contain \"..\"");
              }};
}

// "a,b" -> a list of two; the nodes behind it run twice.
inline NodeDef splitter() {
  return {.id = "SplitText",
          .inputs = inputs(input("text", "STRING", Json::object())),
          .outputs = {{.type = "STRING", .is_list = true}},
          .run = [](const NodeCall& call) {
            List parts;
            std::string rest = call.text("text");
            while (!rest.empty()) {
              const std::size_t comma = std::min(rest.find(','), rest.size());
              parts.emplace_back(rest.substr(0, comma));
              rest = comma == rest.size() ? "" : rest.substr(comma + 1);
            }
            return NodeResult{.values = {std::any(parts)}};
          }};
}

inline NodeDef number() {
  return {
      .id = "PrimitiveInt",
      .inputs = inputs(input("value", "INT", {{"default", 0}})),
      .outputs = {{.type = "INT"}},
      .run = [](const NodeCall& call) { return NodeResult{.values = {call.integer("value")}}; }};
}

inline NodeDef pass() {
  return {
      .id = "Pass",
      .inputs = inputs(socket("value", "*")),
      .outputs = {{.type = "*"}},
      .run = [](const NodeCall& call) {
        const std::any* const value = call.find_any("value");
        return NodeResult{.values = {value == nullptr ? std::any(call.literals["value"]) : *value}};
      }};
}

// Runs every time.
inline NodeDef clock() {
  return {.id = "Clock",
          .outputs = {{.type = "STRING"}},
          .cacheable = false,
          .run = [](const NodeCall& call) {
            note(call);
            return NodeResult{.values = {std::string("now")}};
          }};
}

inline NodeDef shower() {
  return {.id = "ShowText",
          .inputs = inputs(optional(input("text", "STRING", {{"default", "none"}})),
                           hidden("id", "UNIQUE_ID")),
          .outputs = {},
          .output_node = true,
          .run = [](const NodeCall& call) {
            note(call);
            return NodeResult{
                .ui = Json{{"text", Json::array({call.text("text")})}, {"id", call.text("id")}}};
          }};
}

inline Registry registry() {
  Registry all;
  for (const auto make : {loader, encoder, latent, sag, sampler, decoder, saver, splitter, number,
                          pass, clock, shower}) {
    all.add(make());
  }
  return all;
}

// The usual text-to-image workflow in API form.
inline Json api_workflow() {
  return Json::parse(R"({
    "3": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 2, "cfg": 7.5, "sampler_name": "euler",
          "scheduler": "normal", "denoise": 1, "model": ["10", 0], "positive": ["6", 0],
          "negative": ["7", 0], "latent_image": ["5", 0]}, "_meta": {"title": "the sampler"}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 32, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "pic", "images": ["8", 0]}},
    "10": {"class_type": "SelfAttentionGuidance", "inputs": {"scale": 0.5, "blur_sigma": 2, "model": ["4", 0]}}
  })");
}

}  // namespace sagitta::graph::toy
