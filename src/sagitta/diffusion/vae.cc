#include "sagitta/diffusion/vae.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/image/batch.h"

#include <algorithm>
#include <vector>

namespace sagitta {
namespace {

// One item at a time: memory stays that of a single picture, and time is the same.
template <class Fn>
Array per_item(const Array& batch, const Fn& run) {
  std::vector<Array> parts;
  for (std::int64_t i = 0; i < batch.dim(0); ++i) parts.push_back(run(batch.slice(i, 1)));
  return concat(parts);
}

}  // namespace

void require_decodable(const Vae& vae, const Array& latents) {
  require(latents.rank() == 4 && latents.size() > 0 && latents.dim(1) == vae.spec.latent_channels,
          Fault::bad_input, "the VAE decodes latents of {} channels, got {}",
          vae.spec.latent_channels, to_string(latents.shape()));
}

Array decode_raw(const Vae& vae, const Array& latents) {
  require_decodable(vae, latents);
  const models::VaeSpec& spec = vae.spec;
  const float low = spec.image_min;
  return per_item(latents, [&](Array latent) {
    for (float& value : latent.values()) value = (value - spec.latent_shift) * spec.latent_scale;
    Array image = download(vae.decoder(upload(*vae.device, to_channels_last(latent))));
    for (float& value : image.values()) value = (value - low) * 2 / (1 - low) - 1;
    return image;
  });
}

Array clamp_picture(Array raw) {
  for (float& value : raw.values()) value = std::clamp((value + 1) / 2, 0.0F, 1.0F);
  return raw;
}

Array decode(const Vae& vae, const Array& latents) {
  return clamp_picture(decode_raw(vae, latents));
}

Array encode_moments(const Vae& vae, const Array& images) {
  require(images.rank() == 4 && images.size() > 0 && images.dim(3) >= vae.spec.image_channels,
          Fault::bad_input, "the VAE encodes images of {} channels, got {}", vae.spec.image_channels,
          to_string(images.shape()));
  const float low = vae.spec.image_min;
  return per_item(first_channels(images, vae.spec.image_channels), [&](Array image) {
    for (float& value : image.values()) value = value * (1 - low) + low;
    return download(vae.encoder(upload(*vae.device, image)));
  });
}

Array encode(const Vae& vae, const Array& images) {
  require(images.rank() == 4, Fault::bad_input, "an image batch has four axes, got {}",
          to_string(images.shape()));
  return latent_mean(vae, encode_moments(vae, crop_to_multiple(images, vae.spec.downscale())));
}

Array latent_mean(const Vae& vae, const Array& moments_last) {
  const Array moments = to_channels_first(moments_last);
  const std::int64_t channels = vae.spec.latent_channels;
  Array mean({moments.dim(0), channels, moments.dim(2), moments.dim(3)});
  const std::int64_t cells = moments.dim(2) * moments.dim(3);
  for (std::int64_t b = 0; b < moments.dim(0); ++b) {
    std::copy_n(moments.data() + b * moments.dim(1) * cells, channels * cells,
                mean.data() + b * channels * cells);
  }
  for (float& value : mean.values()) value = value / vae.spec.latent_scale + vae.spec.latent_shift;
  return mean;
}

}  // namespace sagitta
