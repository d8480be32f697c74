#include "sagitta/diffusion/vae.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"

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

Array crop_to_multiple(const Array& images, std::int64_t multiple) {
  const std::int64_t height = images.dim(1) / multiple * multiple;
  const std::int64_t width = images.dim(2) / multiple * multiple;
  require(height > 0 && width > 0, Fault::bad_input,
          "an image of {}x{} pixels is too small to encode: at least {}x{} are needed", images.dim(2),
          images.dim(1), multiple, multiple);
  if (height == images.dim(1) && width == images.dim(2)) return images;
  const std::int64_t top = images.dim(1) % multiple / 2;
  const std::int64_t left = images.dim(2) % multiple / 2;
  const std::int64_t channels = images.dim(3);
  Array out({images.dim(0), height, width, channels});
  float* to = out.data();
  for (std::int64_t b = 0; b < images.dim(0); ++b) {
    for (std::int64_t y = 0; y < height; ++y) {
      const std::int64_t from = ((b * images.dim(1) + top + y) * images.dim(2) + left) * channels;
      to = std::copy_n(images.data() + from, width * channels, to);
    }
  }
  return out;
}

}  // namespace

Array decode_raw(const Vae& vae, const Array& latents) {
  require(latents.rank() == 4 && latents.size() > 0 && latents.dim(1) == vae.spec.latent_channels,
          Fault::bad_input, "the VAE decodes latents of {} channels, got {}",
          vae.spec.latent_channels, to_string(latents.shape()));
  const models::VaeSpec& spec = vae.spec;
  const float low = spec.image_min;
  return per_item(latents, [&](Array latent) {
    for (float& value : latent.values()) value = (value - spec.latent_shift) * spec.latent_scale;
    Array image = download(vae.decoder(upload(*vae.device, to_channels_last(latent))));
    for (float& value : image.values()) value = (value - low) * 2 / (1 - low) - 1;
    return image;
  });
}

Array decode(const Vae& vae, const Array& latents) {
  Array images = decode_raw(vae, latents);
  for (float& value : images.values()) value = std::clamp((value + 1) / 2, 0.0F, 1.0F);
  return images;
}

Array encode_moments(const Vae& vae, const Array& images) {
  require(images.rank() == 4 && images.size() > 0 && images.dim(3) >= vae.spec.image_channels,
          Fault::bad_input, "the VAE encodes images of {} channels, got {}", vae.spec.image_channels,
          to_string(images.shape()));
  const float low = vae.spec.image_min;
  return per_item(images, [&](Array image) {
    for (float& value : image.values()) value = value * (1 - low) + low;
    return download(vae.encoder(upload(*vae.device, image)));
  });
}

Array encode(const Vae& vae, const Array& images) {
  require(images.rank() == 4, Fault::bad_input, "an image batch has four axes, got {}",
          to_string(images.shape()));
  const Array moments =
      to_channels_first(encode_moments(vae, crop_to_multiple(images, vae.spec.downscale())));
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
