// Self-Attention Guidance (Hong et al. 2023, "Improving Sample Quality of Diffusion Models Using
// Self-Attention Guidance"), in the form of ComfyUI's node: the unconditional prediction is blurred
// where its self-attention is above average, noised again and predicted once more; the result is
// pushed away from that degraded prediction.
//
//   result + (degraded - prediction(degraded + x - uncond)) * scale
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

#include <span>

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
// Latents with a side of 4 cells or less keep the result of classifier-free guidance. A run without
// any negative conditioning is refused (bad_input).
[[nodiscard]] Model with_sag(Model model, const SagParams& params);

// What the method did in one evaluation, for Model::sag_observers. Valid during the call only.
struct SagTrace {
  std::span<const AttnSite> layers;  // whose attention was recorded
  Role role;                         // whose prediction was degraded: uncond as a rule, or cond
  float sigma;
  const Array& received;    // (B, H, W): attention that each cell receives, its mean over the layers
  const Array& mask;        // (B, H, W): 1 where it was degraded, 0 where not
  const Array& x0;          // (B, C, H, W), like all below: the prediction that was degraded
  const Array& degraded;    // blurred where the mask is 1
  const Array& prediction;  // of the degraded, noised again
  const Array& push;        // what the result is pushed by, the scale included
  const Array& result;      // with the push
  RunScratch& scratch;
};

}  // namespace sagitta
