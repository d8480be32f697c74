#include "sagitta/diffusion/guidance/fresca.h"

#include "sagitta/diffusion/guidance/fourier_box.h"

#include <algorithm>

namespace sagitta {

Model with_fresca(Model model, const FreScaParams& params) {
  model.pre_cfg.emplace_back([params](const CfgState& state) {
    if (!state.has_uncond) return Predictions{state.cond, state.uncond};
    const Array scaled =
        scale_frequencies(state.cond - state.uncond,
                          {.rows = std::min<std::int64_t>(params.freq_cutoff, state.x.dim(2) / 2),
                           .cols = std::min<std::int64_t>(params.freq_cutoff, state.x.dim(3) / 2),
                           .inside = params.scale_low,
                           .outside = params.scale_high});
    return Predictions{scaled + state.uncond, state.uncond};
  });
  return model;
}

}  // namespace sagitta
