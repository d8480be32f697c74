// From the names that adapter files give to modules to the weights of a network. The tables are made
// from the network's own weights, so they hold for any size of model.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/models/weights.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sagitta::models {

// A module's name in a file -> a weight ("....weight") of the network.
using LoraNames = std::unordered_map<std::string, std::string>;

// For a module "input_blocks.1.1.proj_in", which is "down_blocks.0.attentions.0.proj_in" in the
// diffusers layout:
//   lora_unet_input_blocks_1_1_proj_in, lora_unet_down_blocks_0_attentions_0_proj_in,
//   lycoris_down_blocks_0_attentions_0_proj_in, diffusion_model.input_blocks.1.1.proj_in,
//   (unet.)down_blocks.0.attentions.0.proj_in
// and for the projections of attention also attn1.processor.to_q for attn1.to_q, without the ".0" of
// to_out.
[[nodiscard]] LoraNames unet_lora_names(const UnetSpec& spec, const Weights& weights);

// How files call one of a model's text encoders.
struct TextEncoderLoraNames {
  std::string_view encoder;                  // "clip_l" of text_encoders.clip_l.transformer.
  std::vector<std::string_view> underscore;  // "lora_te_": prefixes of names with underscores
  std::string_view dotted;                   // "text_encoder.": prefix of names with dots
};
[[nodiscard]] LoraNames text_lora_names(const TextEncoderLoraNames& prefixes,
                                        const Weights& weights);

// True for names that only a text encoder can have.
[[nodiscard]] bool is_text_lora_name(std::string_view module);

}  // namespace sagitta::models
