// Normalized Attention Guidance (Chen et al. 2025): guides what self-attention gives for the
// positive rows away from what it gives for the negative ones, keeps the L1 norm of each token from
// growing by more than a factor, and mixes the result with the plain one.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

#include <span>

namespace sagitta {

struct NagParams {
  float scale = 5.0F;
  float alpha = 0.5F;
  float tau = 1.5F;

  static constexpr auto fields() {
    return std::tuple{field("nag_scale", &NagParams::scale, {.min = 0, .max = 50, .step = 0.1},
                            "Strength of the push away from the negative; 1 is none."),
                      field("nag_alpha", &NagParams::alpha, {.min = 0, .max = 1, .step = 0.01},
                            "Share of the guided attention in the result."),
                      field("nag_tau", &NagParams::tau, {.min = 1, .max = 10, .step = 0.01},
                            "How much longer a token may become.")};
  }
};

// Acts in network calls that hold positive and negative rows of the same latents, so neither where
// the two are evaluated apart nor in the extra passes of other methods. Forces the negative
// conditioning to be evaluated at CFG scale 1. A positive row is guided by the first negative row
// of its latent, of its own area if there is one.
[[nodiscard]] Model with_nag(Model model, const NagParams& params);

namespace nag {

// One token's positive and negative attention output, in place of the positive one.
void guide(std::span<float> positive, std::span<const float> negative, const NagParams& params);

}  // namespace nag
}  // namespace sagitta
