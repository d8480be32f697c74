#include "sagitta/diffusion/concat.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/conditioning.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta {
namespace {

using Channels = std::vector<std::shared_ptr<const Array>>;

std::shared_ptr<const Array> shared(Array array) {
  return std::make_shared<const Array>(std::move(array));
}

Array fit(const Array& x, const RunLatent& latent) {
  if (x.dim(2) == latent.height && x.dim(3) == latent.width) return x;
  return resize(x, latent.height, latent.width, ResizeMethod::bilinear, Crop::centre);
}

// The entry's picture times scale; null if it has none.
std::shared_ptr<const Array> entry_picture(const ConditioningEntry& entry, const RunLatent& latent,
                                           std::int64_t channels, float scale) {
  if (!entry.concat_latent) return nullptr;
  const Array& picture = *entry.concat_latent;
  require(picture.rank() == 4 && picture.dim(1) == channels, Fault::bad_input,
          "the picture beside the latent has the shape {}, expected {} channels",
          to_string(picture.shape()), channels);
  return shared(fit(picture * scale, latent));
}

// (N, 1, height, width) of zeros and ones, or null. Of a noise mask the first channel counts.
std::shared_ptr<const Array> rounded_mask(const ConditioningEntry& entry, const RunLatent& latent) {
  const auto& mask = entry.concat_mask ? entry.concat_mask : latent.noise_mask;
  if (!mask) return nullptr;
  const bool of_channels = mask->rank() == 4;
  const std::int64_t channels = of_channels ? mask->dim(1) : 1;
  const Array planes = as_mask(*mask);
  Array first({planes.dim(0) / channels, 1, planes.dim(1), planes.dim(2)});
  const std::int64_t cells = planes.dim(1) * planes.dim(2);
  for (std::int64_t n = 0; n < first.dim(0); ++n) {
    std::copy_n(planes.data() + n * channels * cells, cells, first.data() + n * cells);
  }
  Array fitted = fit(first, latent);
  for (float& value : fitted.values()) value = std::nearbyint(value);
  return shared(std::move(fitted));
}

// What the VAE makes of grey.
Array grey_latent(const RunLatent& latent, std::int64_t channels) {
  constexpr std::array kGrey{0.8223F, -0.6876F, 0.6364F, 0.1380F};
  require(channels == static_cast<std::int64_t>(kGrey.size()), Fault::unsupported,
          "no inpainting with latents of {} channels", channels);
  Array grey({1, channels, latent.height, latent.width});
  float* to = grey.data();
  for (const float value : kGrey) to = std::fill_n(to, latent.height * latent.width, value);
  return grey;
}

Channels inpaint_channels(const ConditioningEntry& entry, const Model& model, const RunLatent& latent,
                          std::int64_t channels) {
  const Shape empty{1, channels, latent.height, latent.width};
  const auto mask = rounded_mask(entry, latent);
  if (!mask) {
    return {shared(Array({1, 1, latent.height, latent.width}, 1)), shared(grey_latent(latent, channels))};
  }
  auto picture = entry_picture(entry, latent, channels, model.latent_scale);
  if (!picture) picture = latent.original ? latent.original : shared(Array(empty));
  return {mask, picture};
}

}  // namespace

Channels concat_channels(const ConditioningEntry& entry, const Model& model, const RunLatent& latent) {
  const std::int64_t channels = model.unet.spec().out_channels;
  const std::int64_t more = model.unet.spec().in_channels - channels;
  if (more == 0) return {};
  if (more == channels + 1) return inpaint_channels(entry, model, latent, channels);
  require(more == channels, Fault::unsupported,
          "a UNet of {} input and {} output channels is neither plain nor one for inpainting or "
          "instructions",
          channels + more, channels);
  const auto picture = entry_picture(entry, latent, channels, 1);
  return {picture ? picture : shared(Array({1, channels, latent.height, latent.width}))};
}

}  // namespace sagitta
