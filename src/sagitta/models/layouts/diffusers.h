// Reads networks in the layout of diffusers: the same tensors under other names, but that matrices
// stand for the 1x1 kernels of the autoencoder's attention.
#pragma once

#include "sagitta/models/layouts/part.h"

namespace sagitta::models {

// levels: of the autoencoder; its way up is numbered from the coarsest.
[[nodiscard]] RenameTable diffusers_vae_names(int levels);

// The UNet (VAE) of a file with the names of either layout, under those of the single file.
[[nodiscard]] Part unet_names(const Part& part);
[[nodiscard]] Part vae_names(const Part& part);

}  // namespace sagitta::models
