// Detection: from the keys and shapes of a checkpoint to the specification of its parts. Generic: a
// small model in a known layout is detected like a full one.
#pragma once

#include "sagitta/core/stored.h"
#include "sagitta/models/spec.h"

namespace sagitta::models {

// Throws unsupported, naming a tensor that tells, if the file holds a diffusion transformer (Flux,
// SD3, PixArt...), in the layout of a checkpoint, of a network alone or of diffusers.
void refuse_transformer(const StateDict& file);

// unet: the tensors of the UNet under their single-file names ("input_blocks.0.0.weight"...). file:
// all tensors of the file, among which SDXL fine-tunes leave markers ("v_pred", "ztsnr").
// Throws bad_file naming what is missing or impossible; unsupported for transformer models.
[[nodiscard]] ModelSpec detect_model(const StateDict& unet, const StateDict& file);

// net: a ControlNet under its single-file names ("zero_convs.0.0.weight"...).
[[nodiscard]] ControlNetSpec detect_controlnet(const StateDict& net);

// vae: under the names of the single file ("decoder.conv_in.weight", "quant_conv.weight"... or
// "taesd_decoder.1.weight"...).
[[nodiscard]] VaeSpec detect_vae(const StateDict& vae);

// clip: under the names of CLIP-L ("text_model.encoder.layers.0..."). The head width is 64; a
// narrower model has one head.
[[nodiscard]] ClipSpec detect_clip(const StateDict& clip, ClipUse use);

}  // namespace sagitta::models
