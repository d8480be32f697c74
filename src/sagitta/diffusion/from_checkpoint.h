// The values that a loaded checkpoint gives to the node graph.
#pragma once

#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/models/checkpoint.h"
#include "sagitta/models/spec.h"

namespace sagitta {

// A model without hooks, with the noise schedule and latent scale that the specification says.
[[nodiscard]] Model make_model(Device& device, const models::ModelSpec& spec,
                               models::Network<models::Unet> unet);

// The autoencoder or the text encoders of a checkpoint, if it has them.
[[nodiscard]] std::optional<Vae> make_vae(Device& device, const models::Checkpoint& checkpoint);
[[nodiscard]] std::optional<Clip> make_clip(Device& device, const models::Checkpoint& checkpoint);

}  // namespace sagitta
