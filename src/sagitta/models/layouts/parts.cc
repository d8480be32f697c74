#include "sagitta/models/layouts/parts.h"

#include "sagitta/models/layouts/diffusers.h"
#include "sagitta/models/layouts/scales.h"

#include <initializer_list>
#include <utility>

namespace sagitta::models {
namespace {

bool is_unet(const Part& part) {
  const bool is_controlnet = part.has("controlnet_cond_embedding.conv_in.weight");
  return part.has("input_blocks.0.0.weight") ||
         (part.has("conv_in.weight") && part.has("down_blocks.0.resnets.0.conv1.weight") &&
          !is_controlnet);
}

bool is_vae(const Part& part) {
  return part.has("decoder.conv_in.weight") || part.has("taesd_decoder.1.weight");
}

// What lies under `own`, whatever it is, or else under one of the prefixes if it looks right.
template <class Looks>
Part part_of(const StateDict& file, std::string_view own, std::initializer_list<std::string_view> others,
             const Looks& looks_right) {
  Part part = part_at(file, own);
  for (const std::string_view prefix : others) {
    if (!part.empty()) break;
    Part candidate = part_at(file, prefix);
    if (looks_right(candidate)) part = std::move(candidate);
  }
  return part;
}

}  // namespace

FileParts find_parts(const StateDict& tensors) {
  const StateDict file = with_scales(tensors);
  FileParts parts;
  parts.unet = unet_names(
      part_of(file, "model.diffusion_model.", {"diffusion_model.", "unet.", ""}, is_unet));
  parts.vae = vae_names(part_of(file, "first_stage_model.", {"vae.", ""}, is_vae));
  parts.text = text_parts(file, parts.unet.has("label_emb.0.0.weight"));
  if (parts.empty()) {
    TextPart alone = text_part(file);
    if (!alone.part.empty()) parts.text.push_back(std::move(alone));
  }
  return parts;
}

}  // namespace sagitta::models
