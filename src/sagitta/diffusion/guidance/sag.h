// Self-Attention Guidance (Hong et al. 2023, "Improving Sample Quality of Diffusion Models Using
// Self-Attention Guidance"), in the form of ComfyUI's node: the unconditional prediction is blurred
// where its self-attention is above average, noised again and predicted once more; the result is
// pushed away from that degraded prediction.
//
//   result + (degraded - prediction(degraded + x - uncond)) * scale
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct SagParams {
  float scale = 0.5F;
  float blur_sigma = 2.0F;

  static constexpr auto fields() {
    return std::tuple{
        field("scale", &SagParams::scale, {.min = -2, .max = 5, .step = 0.01},
              "Strength of the push away from the degraded prediction; 0 turns it off."),
        field("blur_sigma", &SagParams::blur_sigma, {.min = 0, .max = 10, .step = 0.1},
              "Standard deviation of the blur in latent cells; 0 means no blur.")};
  }
};

// Adds the method to a model. It costs one more network pass on the negative conditioning per
// evaluation and forces that conditioning to be evaluated at CFG scale 1. Scale 0 changes nothing.
// Latents with a side of 4 cells or less keep the result of classifier-free guidance.
[[nodiscard]] Model with_sag(Model model, const SagParams& params);

// What the method did in one evaluation, for Model::sag_observers. Valid during the call only.
struct SagTrace {
  AttnSite site;            // the layer that was looked at
  float sigma;
  const Array& received;    // (B, H, W): attention that each cell receives from the negative's tokens
  const Array& mask;        // (B, H, W): 1 where it was degraded, else 0
  const Array& x0;          // (B, C, H, W), like all below: the negative prediction
  const Array& degraded;    // blurred where the mask is 1
  const Array& prediction;  // of the degraded, noised again
  const Array& push;        // (degraded - prediction) * scale
  const Array& result;      // with the push
  RunScratch& scratch;
};

// The steps of the method, each on its own.
namespace sag {

// Gaussian blur of each (H, W) plane of x (B, C, H, W) with `taps` (odd) taps, weights
// exp(-(k/sigma)^2 / 2) normalised, reflect padding. sigma 0 returns x. H and W > taps / 2.
[[nodiscard]] Array blur(const Array& x, float sigma, int taps = 9);

// Values (N, rows*cols) on a token grid, brought to height * width cells by nearest neighbour.
// Returns (N, height, width).
[[nodiscard]] Array to_cells(const Array& values, Grid grid, std::int64_t height, std::int64_t width);

// 1 where received attention exceeds the threshold (its mean is 1), else 0.
[[nodiscard]] Array mask(Array received, float threshold = 1.0F);

// blurred where the mask (B, H, W) is 1, x0 (B, C, H, W) where it is 0.
[[nodiscard]] Array degrade(const Array& x0, const Array& blurred, const Array& mask);

}  // namespace sag
}  // namespace sagitta
