// The values that a loaded checkpoint gives to the node graph.
#pragma once

#include "sagitta/diffusion/model.h"
#include "sagitta/models/spec.h"

namespace sagitta {

// A model without hooks, with the noise schedule and latent scale that the specification says.
[[nodiscard]] Model make_model(Device& device, const models::ModelSpec& spec,
                               models::Network<models::Unet> unet);

}  // namespace sagitta
