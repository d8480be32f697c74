// Operations on latents that may also act on the guidance difference cond - uncond.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

#include <functional>

namespace sagitta {

// (B, C, H, W) -> the same shape. It is what the node graph calls LATENT_OPERATION.
using LatentOperation = std::function<Array(const Array& latent)>;

// The operation on cond - uncond, before guidance. At CFG scale 1 uncond is zero, unless another
// method wants it.
[[nodiscard]] Model with_latent_operation(Model model, const LatentOperation& operation);

struct TonemapParams {
  float multiplier = 1.0F;

  static constexpr auto fields() {
    return std::tuple{field("multiplier", &TonemapParams::multiplier,
                            {.min = 0, .max = 100, .step = 0.01},
                            "How large values may become; smaller is flatter.")};
  }
};
// Reinhard's tone mapping of the lengths of the channel vectors: m / (m / top + 1) with
// top = (mean + 5 deviations) * multiplier over each sample. multiplier 0 gives zero.
[[nodiscard]] LatentOperation tonemap_reinhard(const TonemapParams& params);

struct SharpenParams {
  int sharpen_radius = 9;
  float sigma = 1.0F;
  float alpha = 0.1F;

  static constexpr auto fields() {
    return std::tuple{
        field("sharpen_radius", &SharpenParams::sharpen_radius, {.min = 1, .max = 31, .step = 1},
              "Radius of the blur in latent cells; the latent must be larger."),
        field("sigma", &SharpenParams::sigma, {.min = 0.1, .max = 10, .step = 0.1},
              "Width of the blur as a share of the radius."),
        field("alpha", &SharpenParams::alpha, {.min = 0, .max = 5, .step = 0.01},
              "Strength of the sharpening.")};
  }
};
// Unsharp masking of the directions of the channel vectors; their lengths stay factors. The
// Gaussian has the distance in radii, and acts with 10 * alpha. Reflect padding. Throws bad_input
// for latents with a side of sharpen_radius cells or less.
[[nodiscard]] LatentOperation sharpen(const SharpenParams& params);

}  // namespace sagitta
