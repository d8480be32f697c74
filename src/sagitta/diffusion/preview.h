// Previews: a quick picture of a prediction while sampling goes on.
#pragma once

#include "sagitta/diffusion/model.h"

namespace sagitta {

// What a sampling node hands to whoever watches: enough to make a picture, which costs nothing unless
// somebody does. Valid during the callback only.
struct Preview {
  const Model* model = nullptr;
  const Array* denoised = nullptr;  // (B, C, H, W) as inside the run
};

// The first item as a picture (1, H, W, 3) in 0..1: each latent cell's channels through a linear map
// to red, green and blue that was fitted for the model's kind of latent.
[[nodiscard]] Array preview_image(const Preview& preview);
// The same for latents of a network of this kind.
[[nodiscard]] Array preview_image(const Array& latents, const models::UnetSpec& unet);

}  // namespace sagitta
