// Perp-Neg (Armandpour et al. 2023, "Re-imagine the Negative Prompt Algorithm"): of the negative
// direction only what is perpendicular to the positive one counts, both seen from the prediction of
// an empty prompt.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/conditioning.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct PerpNegParams {
  float neg_scale = 1.0F;

  static constexpr auto fields() {
    return std::tuple{field("neg_scale", &PerpNegParams::neg_scale,
                            {.min = 0, .max = 100, .step = 0.01},
                            "Strength of the perpendicular part of the negative prompt.")};
  }
};

// Takes the place of the guidance formula: of several such methods the last one holds. Costs one
// more network pass, on the empty conditioning, per evaluation.
[[nodiscard]] Model with_perp_neg(Model model, const Conditioning& empty,
                                  const PerpNegParams& params);
// The same as the Perp-Neg Guider has it: the negative counts at CFG scale 1, too.
[[nodiscard]] Model with_perp_neg_guider(Model model, const Conditioning& empty,
                                         const PerpNegParams& params);

// empty + scale * (p - neg_scale * (n - p (n.p) / (p.p))) with p and n the differences of positive
// and negative prediction from the empty one. The products are sums over the whole batch, as
// upstream has it. Where p is zero, so is its part.
[[nodiscard]] Array perp_neg(const Array& positive, const Array& negative, const Array& empty,
                             float neg_scale, float scale);

}  // namespace sagitta
