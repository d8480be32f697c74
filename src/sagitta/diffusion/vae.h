// Images to latents and back: what the node graph calls VAE.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/models/vae/vae.h"

#include <memory>

namespace sagitta {

struct Vae {
  Device* device = nullptr;
  models::VaeSpec spec;
  std::shared_ptr<const models::VaeEncoder> encoder;
  std::shared_ptr<const models::VaeDecoder> decoder;
};

// The decoder's output for latents (B, C, h, w) in VAE scale: images (B, H, W, 3) in about -1..1.
[[nodiscard]] Array decode_raw(const Vae& vae, const Array& latents);

// The same as a picture in 0..1.
[[nodiscard]] Array decode(const Vae& vae, const Array& latents);

// Images (B, H, W, 3) in 0..1, cropped around the centre to multiples of the downscale, to the mean
// of their latent distribution (B, C, h, w), in VAE scale. Deterministic, as ComfyUI has it.
[[nodiscard]] Array encode(const Vae& vae, const Array& images);

// Mean and log variance (B, h, w, 2 C) of the distribution, for images that fit the downscale.
[[nodiscard]] Array encode_moments(const Vae& vae, const Array& images);

}  // namespace sagitta
