// CFG-Zero* (Fan et al. 2025): scales the negative prediction so that its noise comes as close to
// the positive one's as it can, before guidance takes the difference. Per item of the batch.
#pragma once

#include "sagitta/diffusion/model.h"

namespace sagitta {

// Adds uncond * (a - 1) * (1 - scale) to the result, a being the best factor. At CFG scale 1 that
// is nothing.
[[nodiscard]] Model with_cfg_zero_star(Model model);

}  // namespace sagitta
