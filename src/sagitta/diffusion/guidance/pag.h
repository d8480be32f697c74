// Perturbed-Attention Guidance (Ahn et al. 2024, "Self-Rectifying Diffusion Sampling with
// Perturbed-Attention Guidance"): pushes away from a prediction for which the self-attention of the
// middle block was the identity, so that tokens saw nothing but themselves.
//
//   result + (cond - perturbed) * scale
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct PagParams {
  float scale = 3.0F;

  static constexpr auto fields() {
    return std::tuple{
        field("scale", &PagParams::scale, {.min = 0, .max = 100, .step = 0.01, .round = 0.01},
              "Strength of the push away from the perturbed prediction; 0 turns it off.")};
  }
};

// Costs one more network pass on the positive conditioning per evaluation. Scale 0 changes nothing.
[[nodiscard]] Model with_pag(Model model, const PagParams& params);

}  // namespace sagitta
