// Images to latents and back: what the node graph calls VAE.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/models/vae/vae_network.h"
#include "sagitta/models/weights.h"

namespace sagitta {

struct Vae {
  Device* device = nullptr;
  models::VaeSpec spec;
  models::VaeNetwork encoder;
  models::VaeNetwork decoder;
  models::Weights weights = {};  // of both, for saving; none: not known
};

// Throws bad_input unless these are latents (B, C, h, w) of the VAE's channels.
void require_decodable(const Vae& vae, const Array& latents);

// Latents (B, C, h, w) in VAE scale as images (B, H, W, 3) in about -1..1, not clamped.
[[nodiscard]] Array decode_raw(const Vae& vae, const Array& latents);

// Values of about -1..1 in 0..1, clamped.
[[nodiscard]] Array clamp_picture(Array raw);

// The same as a picture in 0..1.
[[nodiscard]] Array decode(const Vae& vae, const Array& latents);

// Images (B, H, W, 3) in 0..1, cropped around the centre to multiples of the downscale, to the mean
// of their latent distribution (B, C, h, w), in VAE scale. Deterministic, as ComfyUI has it.
[[nodiscard]] Array encode(const Vae& vae, const Array& images);

// What the encoder gives for images that fit the downscale: for the KL kind mean and log variance
// (B, h, w, 2 C) of the distribution, else the latent (B, h, w, C). In the scale of the network.
[[nodiscard]] Array encode_moments(const Vae& vae, const Array& images);

// The mean of such moments, (B, C, h, w) in VAE scale.
[[nodiscard]] Array latent_mean(const Vae& vae, const Array& moments);

}  // namespace sagitta
