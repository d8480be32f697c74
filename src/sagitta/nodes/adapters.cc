#include "sagitta/diffusion/lora.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kKind = "loras";

std::filesystem::path lora_file(const NodeCall& call) {
  return find_model(call.services.get<Services>(), kKind, call.text("lora_name"));
}

LoraTarget apply(const NodeCall& call, LoraTarget target, const LoraStrengths& strengths) {
  if (strengths.model == 0 && strengths.clip == 0) return target;
  const std::filesystem::path path = lora_file(call);
  return apply_lora(std::move(target),
                    models::read_lora(io::open_safetensors(path).tensors, path.string()), strengths);
}

NodeResult load_for_both(const NodeCall& call) {
  LoraTarget result = apply(call, {.model = call.get<Model>("model"), .clip = call.get<Clip>("clip")},
                            {.model = static_cast<float>(call.number("strength_model")),
                             .clip = static_cast<float>(call.number("strength_clip"))});
  return {.values = {std::move(*result.model), std::move(*result.clip)}};
}

NodeResult load_for_model(const NodeCall& call) {
  LoraTarget result = apply(call, {.model = call.get<Model>("model"), .clip = std::nullopt},
                            {.model = static_cast<float>(call.number("strength_model")), .clip = 0});
  return {.values = {std::move(*result.model)}};
}

graph::Input strength(const char* name, const char* tip) {
  return graph::input(
      name, "FLOAT",
      {{"default", 1.0}, {"min", -100.0}, {"max", 100.0}, {"step", 0.01}, {"tooltip", tip}});
}

graph::Input lora_name(std::optional<Json> options) {
  graph::Input name = graph::combo(
      "lora_name",
      [](const graph::ServicesRef& services) { return list_models(services.get<Services>(), kKind); },
      std::move(options));
  name.open_choices = true;  // a path to a file elsewhere is fine too
  return name;
}

// What both nodes share: the file is looked for during validation and watched for changes.
graph::NodeDef loader(graph::NodeDef def) {
  def.category = "model/loaders";
  def.check = [](const NodeCall& call) { static_cast<void>(lora_file(call)); };
  def.fingerprint = [](const NodeCall& call) { return file_token(lora_file(call)); };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> adapter_nodes() {
  return {
      loader({.id = "LoraLoader",
              .display_name = "Load LoRA (Model and CLIP)",
              .description = "Changes the weights of a model and its text encoder as a LoRA says.",
              .inputs = graph::inputs(
                  graph::socket("model", "MODEL", "The model to change."),
                  graph::socket("clip", "CLIP", "The text encoder to change."),
                  lora_name(Json{{"tooltip", "A .safetensors file of the loras folder."}}),
                  strength("strength_model", "How far the model changes; may be negative."),
                  strength("strength_clip", "How far the text encoder changes; may be negative.")),
              .outputs = {{.type = "MODEL"}, {.type = "CLIP"}},
              .run = load_for_both}),
      loader({.id = "LoraLoaderModelOnly",
              .display_name = "Load LoRA",
              .description = "Changes the weights of a model as a LoRA says.",
              .inputs = graph::inputs(
                  graph::socket("model", "MODEL"), lora_name(std::nullopt),
                  strength("strength_model", "How far the model changes; may be negative.")),
              .outputs = {{.type = "MODEL"}},
              .run = load_for_model})};
}

}  // namespace sagitta::nodes
