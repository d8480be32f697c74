#include "sagitta/diffusion/guidance/temporal_score_rescaling.h"

namespace sagitta {

Model with_temporal_score_rescaling(Model model, const TsrParams& params) {
  model.post_cfg.emplace_back([params](const CfgState& state) {
    const double variance = static_cast<double>(params.sigma) * params.sigma;
    const double noise = static_cast<double>(state.sigma) * state.sigma;
    if (noise == 0) return state.result;
    // Both sides of the fraction times sigma^2, so that neither end of the schedule overflows.
    const double factor = (variance + noise) / (variance / params.k + noise);
    return state.x + (state.result - state.x) * static_cast<float>(factor);
  });
  return model;
}

}  // namespace sagitta
