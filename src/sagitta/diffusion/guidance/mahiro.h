// Mahiro, or positive-biased guidance: the less the guided prediction resembles the negative one,
// the more it gives way to the positive prediction times the CFG scale.
#pragma once

#include "sagitta/diffusion/model.h"

namespace sagitta {

// The likeness is one number for the whole batch, so a batch is not the same as its items alone.
[[nodiscard]] Model with_mahiro(Model model);

}  // namespace sagitta
