#include "sagitta/diffusion/preview.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <array>

namespace sagitta {
namespace {

constexpr std::size_t kChannels = 4;
using Rgb = std::array<float, 3>;

struct LatentColours {
  std::array<Rgb, kChannels> factors;
  Rgb bias;
};

constexpr LatentColours kStableDiffusion{.factors = {{{0.3512F, 0.2297F, 0.3227F},
                                                      {0.3250F, 0.4974F, 0.2350F},
                                                      {-0.2829F, 0.1762F, 0.2721F},
                                                      {-0.2120F, -0.2616F, -0.7177F}}},
                                         .bias = {0, 0, 0}};
constexpr LatentColours kSdxl{.factors = {{{0.3651F, 0.4232F, 0.4341F},
                                           {-0.2533F, -0.0042F, 0.1068F},
                                           {0.1076F, 0.1111F, -0.0362F},
                                           {-0.3165F, -0.2492F, -0.2188F}}},
                              .bias = {0.1084F, -0.0175F, -0.0011F}};

}  // namespace

Array preview_image(const Preview& preview) {
  return preview_image(*preview.denoised, preview.model->unet.spec());
}

Array preview_image(const Array& latent, const models::UnetSpec& unet) {
  require(latent.rank() == 4 && latent.dim(1) == static_cast<std::int64_t>(kChannels),
          Fault::unsupported, "no preview for a latent of shape {}", to_string(latent.shape()));
  const LatentColours& colours = unet.vector_width > 0 ? kSdxl : kStableDiffusion;
  const std::int64_t height = latent.dim(2);
  const std::int64_t width = latent.dim(3);
  const auto cells = static_cast<std::size_t>(height * width);
  Array image({1, height, width, 3});
  for (std::size_t i = 0; i < cells; ++i) {
    for (std::size_t rgb = 0; rgb < 3; ++rgb) {
      float value = colours.bias[rgb];
      for (std::size_t c = 0; c < kChannels; ++c) {
        value += latent[c * cells + i] * colours.factors[c][rgb];
      }
      image[3 * i + rgb] = std::clamp((value + 1) / 2, 0.0F, 1.0F);
    }
  }
  return image;
}

}  // namespace sagitta
