// Latents and conditionings for changing a part of a picture, or a picture by an instruction.
#include "sagitta/diffusion/inpaint.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/image/batch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kPixelsPerCell = 8;

// Gives every entry of an input the picture and, where there is one, the mask.
Conditioning with_picture(Conditioning conditioning, const std::shared_ptr<const Array>& latent,
                          const std::shared_ptr<const Array>& mask) {
  for (ConditioningEntry& entry : conditioning) {
    entry.concat_latent = latent;
    if (mask) entry.concat_mask = mask;
  }
  return conditioning;
}

NodeResult run_set_noise_mask(const NodeCall& call) {
  Latent latent = call.get<Latent>("samples");
  const Array mask = as_mask(call.get<Array>("mask"));
  latent.noise_mask = mask.reshaped({mask.dim(0), 1, mask.dim(1), mask.dim(2)});
  return {.values = {std::move(latent)}};
}

NodeResult run_encode_for_inpaint(const NodeCall& call) {
  const auto& vae = call.get<Vae>("vae");
  const MaskedPixels masked = fit_mask_to_pixels(call.get<Array>("pixels"), call.get<Array>("mask"),
                                                 vae.spec.downscale());
  return {.values = {Latent{.samples = encode(vae, grey_out(masked)),
                            .noise_mask = grow_square(masked.mask, call.integer("grow_mask_by"))}}};
}

NodeResult run_inpaint_model(const NodeCall& call) {
  const auto& vae = call.get<Vae>("vae");
  const auto& pixels = call.get<Array>("pixels");
  const MaskedPixels masked = fit_mask_to_pixels(pixels, call.get<Array>("mask"), kPixelsPerCell);
  const auto picture = std::make_shared<const Array>(encode(vae, grey_out(masked)));
  const auto mask = std::make_shared<const Array>(masked.mask);
  Latent latent{.samples = encode(vae, pixels)};
  if (call.boolean("noise_mask")) latent.noise_mask = masked.mask;
  return {.values = {with_picture(call.get<Conditioning>("positive"), picture, mask),
                     with_picture(call.get<Conditioning>("negative"), picture, mask),
                     std::move(latent)}};
}

NodeResult run_instruct(const NodeCall& call) {
  const auto picture = std::make_shared<const Array>(
      encode(call.get<Vae>("vae"), crop_to_multiple(call.get<Array>("pixels"), kPixelsPerCell)));
  return {.values = {with_picture(call.get<Conditioning>("positive"), picture, nullptr),
                     with_picture(call.get<Conditioning>("negative"), picture, nullptr),
                     Latent{.samples = Array(picture->shape())}}};
}

std::vector<graph::Output> conditioned_latent() {
  return {{.type = "CONDITIONING", .name = "positive"},
          {.type = "CONDITIONING", .name = "negative"},
          {.type = "LATENT", .name = "latent"}};
}

}  // namespace

std::vector<graph::NodeDef> inpaint_nodes() {
  return {{.id = "SetLatentNoiseMask",
           .display_name = "Set Latent Noise Mask",
           .category = "model/latent",
           .description = "Only what the mask covers is changed when the latent is sampled.",
           .inputs = graph::inputs(graph::socket("samples", "LATENT"), graph::socket("mask", "MASK")),
           .outputs = {{.type = "LATENT"}},
           .run = run_set_noise_mask},
          {.id = "VAEEncodeForInpaint",
           .display_name = "VAE Encode (for Inpainting)",
           .category = "model/latent",
           .description = "Encodes a picture with grey in place of what is to be painted anew.",
           .inputs = graph::inputs(graph::socket("pixels", "IMAGE"), graph::socket("vae", "VAE"),
                                   graph::socket("mask", "MASK"),
                                   int_widget("grow_mask_by", 6, 0, 64, 1)),
           .outputs = {{.type = "LATENT"}},
           .run = run_encode_for_inpaint},
          {.id = "InpaintModelConditioning",
           .category = "model/conditioning",
           .description = "Shows an inpainting model the picture and the mask.",
           .inputs = graph::inputs(
               graph::socket("positive", "CONDITIONING"), graph::socket("negative", "CONDITIONING"),
               graph::socket("vae", "VAE"), graph::socket("pixels", "IMAGE"),
               graph::socket("mask", "MASK"),
               with_tip(bool_widget("noise_mask", true),
                        "Also protects what lies outside the mask while sampling.")),
           .outputs = conditioned_latent(),
           .run = run_inpaint_model},
          {.id = "InstructPixToPixConditioning",
           .category = "model/conditioning/instructpix2pix",
           .description = "Shows a model that follows instructions the picture to be changed.",
           .inputs = graph::inputs(
               graph::socket("positive", "CONDITIONING"), graph::socket("negative", "CONDITIONING"),
               graph::socket("vae", "VAE"), graph::socket("pixels", "IMAGE")),
           .outputs = conditioned_latent(),
           .style = graph::NodeStyle::schema,
           .run = run_instruct}};
}

}  // namespace sagitta::nodes
