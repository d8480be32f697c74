// The two halves of an autoencoder, whichever architecture their weights have.
#pragma once

#include "sagitta/models/vae/taesd.h"
#include "sagitta/models/vae/vae.h"

#include <functional>
#include <memory>

namespace sagitta::models {

// Encoder: images (B, H, W, image channels) in VaeSpec::image_min..1 to (B, h, w, C'), whose first
// latent channels are the latent. (For the KL kind that is its mean; the log variance follows.)
// Decoder: latents (B, h, w, latent channels) to images in about image_min..1.
using VaeNetwork = std::function<Tensor(const Tensor&)>;

template <class Module>
[[nodiscard]] VaeNetwork to_network(std::shared_ptr<const Module> module) {
  return [module = std::move(module)](const Tensor& x) { return (*module)(x); };
}

// use(encoder, decoder) with the two modules of the architecture, as shared pointers, without weights.
template <class Use>
void with_vae_modules(const VaeSpec& spec, const Use& use) {
  switch (spec.kind) {
    case VaeKind::kl:
      return use(std::make_shared<VaeEncoder>(spec), std::make_shared<VaeDecoder>(spec));
    case VaeKind::taesd:
      return use(std::make_shared<TaesdEncoder>(spec), std::make_shared<TaesdDecoder>(spec));
  }
}

}  // namespace sagitta::models
