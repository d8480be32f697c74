#include "sagitta/models/adapters/lora_names.h"

#include "sagitta/models/diffusers_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace sagitta::models {
namespace {

constexpr std::string_view kWeight = ".weight";

std::string with_underscores(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// "attn1.to_out.0" as the attention processors of older diffusers call it: "attn1.processor.to_out".
std::string processor_name(std::string name) {
  constexpr std::string_view kProjection = ".to_";
  constexpr std::string_view kOut = ".to_out.0";
  const auto at = name.find(kProjection);
  if (at == std::string::npos) return name;
  if (name.ends_with(kOut)) name.resize(name.size() - 2);
  return name.insert(at, ".processor");
}

// The modules of a text encoder that trainers adapt; its norms and tables have no names but the full
// ones.
bool is_adapted_in_text(std::string_view module) {
  constexpr std::string_view kLayers[] = {".mlp.fc1",          ".mlp.fc2",          ".self_attn.q_proj",
                                          ".self_attn.k_proj", ".self_attn.v_proj", ".self_attn.out_proj"};
  return module.starts_with("text_model.encoder.layers.") &&
         std::any_of(std::begin(kLayers), std::end(kLayers),
                     [&](std::string_view layer) { return module.ends_with(layer); });
}

// The modules that have a weight.
std::vector<std::string> modules_of(const Weights& weights) {
  std::vector<std::string> modules;
  for (std::string& name : weights.names()) {
    if (!name.ends_with(kWeight)) continue;
    name.resize(name.size() - kWeight.size());
    modules.push_back(std::move(name));
  }
  return modules;
}

}  // namespace

LoraNames unet_lora_names(const UnetSpec& spec, const Weights& weights) {
  const DiffusersUnetNames diffusers_name(spec);
  LoraNames names;
  for (const std::string& module : modules_of(weights)) {
    const std::string weight = module + std::string(kWeight);
    names["lora_unet_" + with_underscores(module)] = weight;
    names["diffusion_model." + module] = weight;
    const std::string diffusers = diffusers_name(module);
    if (diffusers.empty()) continue;
    names["lora_unet_" + with_underscores(diffusers)] = weight;
    names["lycoris_" + with_underscores(diffusers)] = weight;
    for (const char* prefix : {"", "unet."}) {
      names[prefix + diffusers] = weight;
      names[prefix + processor_name(diffusers)] = weight;
    }
  }
  return names;
}

LoraNames text_lora_names(const TextEncoderLoraNames& prefixes, const Weights& weights) {
  LoraNames names;
  for (const std::string& module : modules_of(weights)) {
    const std::string weight = module + std::string(kWeight);
    names[fmt::format("text_encoders.{}.transformer.{}", prefixes.encoder, module)] = weight;
    const bool layer = is_adapted_in_text(module);
    if (layer) names[fmt::format("{}{}", prefixes.dotted, module)] = weight;
    if (!layer && module != "text_projection") continue;
    for (const std::string_view prefix : prefixes.underscore) {
      names[fmt::format("{}{}", prefix, with_underscores(module))] = weight;
    }
  }
  return names;
}

bool is_text_lora_name(std::string_view module) {
  return module.starts_with("lora_te") || module.starts_with("text_encoder");
}

}  // namespace sagitta::models
