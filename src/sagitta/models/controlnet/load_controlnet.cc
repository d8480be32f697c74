#include "sagitta/models/controlnet/load_controlnet.h"

#include "sagitta/base/error.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/detect.h"
#include "sagitta/models/diffusers_names.h"
#include "sagitta/models/load.h"

#include <utility>

namespace sagitta::models {
namespace {

constexpr int kMost = 256;  // levels or blocks; bounds the work that a hostile file can ask for
constexpr int kHintBlocks = 6;

// What the names of a diffusers file follow from: the blocks of each level and their transformers.
UnetSpec skeleton_of(const StateDict& tensors) {
  UnetSpec spec;
  for (int level = 0; level < kMost; ++level) {
    std::vector<int> depths;
    for (int i = 0; i < kMost; ++i) {
      if (!tensors.contains(fmt::format("down_blocks.{}.resnets.{}.conv1.weight", level, i))) break;
      depths.push_back(
          tensors.contains(fmt::format("down_blocks.{}.attentions.{}.proj_in.weight", level, i)) ? 1
                                                                                                 : 0);
    }
    if (depths.empty()) break;
    spec.levels.push_back({.channels = 0, .input_depth = std::move(depths), .output_depth = {}});
  }
  spec.middle_depth = tensors.contains("mid_block.attentions.0.proj_in.weight") ? 1 : 0;
  return spec;
}

// "controlnet_down_blocks.3.weight" to "zero_convs.3.0.weight", and the like; "" for other names.
std::string control_name(std::string_view name) {
  const auto moved = [&](std::string_view from, const std::string& to) -> std::string {
    return name.starts_with(from) ? to + std::string(name.substr(from.size())) : std::string();
  };
  if (name.starts_with("controlnet_down_blocks.")) {
    const std::string rest = moved("controlnet_down_blocks.", "zero_convs.");
    const auto dot = rest.rfind('.');
    return rest.substr(0, dot) + ".0" + rest.substr(dot);
  }
  if (name.starts_with("controlnet_mid_block.")) {
    return moved("controlnet_mid_block.", "middle_block_out.0.");
  }
  if (name.starts_with("controlnet_cond_embedding.conv_in.")) {
    return moved("controlnet_cond_embedding.conv_in.", "input_hint_block.0.");
  }
  if (name.starts_with("controlnet_cond_embedding.conv_out.")) {
    return moved("controlnet_cond_embedding.conv_out.",
                 fmt::format("input_hint_block.{}.", 2 * (kHintBlocks + 1)));
  }
  for (int i = 0; i < kHintBlocks; ++i) {
    const std::string from = fmt::format("controlnet_cond_embedding.blocks.{}.", i);
    if (name.starts_with(from)) {
      return moved(from, fmt::format("input_hint_block.{}.", 2 * (i + 1)));
    }
  }
  return {};
}

StateDict from_diffusers(const StateDict& tensors) {
  const DiffusersUnetNames names(skeleton_of(tensors));
  StateDict out;
  for (const auto& [name, tensor] : tensors) {
    std::string now = control_name(name);
    if (now.empty()) now = names.single_file_name(name);
    if (!now.empty()) out.emplace(std::move(now), tensor);
  }
  return out;
}

// Adds the UNet's weights to those of a file that holds the differences from them.
StateDict with_base(StateDict tensors, const Weights& base) {
  for (auto& [name, tensor] : tensors) {
    const StoredTensor* stored = base.find(name);
    if (stored == nullptr) continue;
    require(stored->shape == tensor.shape, Fault::bad_file,
            "the ControlNet's '{}' is {}, but the model's is {}: it was made for another model", name,
            to_string(tensor.shape), to_string(stored->shape));
    tensor = to_stored(to_array(tensor) + base.value(name));
  }
  return tensors;
}

StateDict find_tensors(const StateDict& file, const std::string& name) {
  constexpr std::string_view kPrefix = "control_model.";
  const auto has = [&](const char* tensor) { return file.contains(tensor); };
  require(!has("lora_controlnet"), Fault::unsupported,
          "{}: a Control-LoRA, which sagitta does not run", name);
  require(!has("task_embedding") && !has("control_add_embedding.linear_1.weight"),
          Fault::unsupported, "{}: a ControlNet for several kinds of hints, which sagitta does not run",
          name);
  if (has("controlnet_cond_embedding.conv_in.weight")) return from_diffusers(file);
  if (has("control_model.zero_convs.0.0.weight")) return with_prefix(file, kPrefix);
  if (has("zero_convs.0.0.weight")) return file;
  throw Error(Fault::bad_file,
              fmt::format("{}: not a ControlNet: it has neither 'control_model.zero_convs.0.0.weight' "
                          "nor 'controlnet_cond_embedding.conv_in.weight'",
                          name));
}

}  // namespace

Network<ControlNet> load_controlnet(const std::filesystem::path& path, Device& device,
                                    const Weights* base) {
  const StateDict file = io::open_safetensors(path).tensors;
  StateDict tensors = find_tensors(file, path.string());
  if (file.contains("difference")) {
    require(base != nullptr, Fault::bad_input,
            "{}: holds differences from a model's weights, so it is loaded with that model "
            "(DiffControlNetLoader)",
            path.string());
    tensors = with_base(std::move(tensors), *base);
  }
  auto net = std::make_shared<ControlNet>(detect_controlnet(tensors));
  require_complete(load_module(*net, &device, tensors, "ControlNet"), path.string());
  return {std::move(net), device, Weights(std::move(tensors))};
}

}  // namespace sagitta::models
