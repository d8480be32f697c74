// Tangential Damping CFG (Kwon et al. 2025, "TCFG: Tangential Damping Classifier-free Guidance"):
// keeps of the negative prediction's noise only the direction that it shares most with the positive
// one's, which is the first singular vector of the two.
#pragma once

#include "sagitta/diffusion/model.h"

namespace sagitta {

// Without a negative prediction (CFG scale 1) nothing is changed.
[[nodiscard]] Model with_tcfg(Model model);

namespace tcfg {

// The part of a in the direction v that maximises (a.v)^2 + (b.v)^2, per item of the batch.
[[nodiscard]] Array shared_part(const Array& a, const Array& b);

}  // namespace tcfg
}  // namespace sagitta
