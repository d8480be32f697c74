#include "sagitta/diffusion/guidance/epsilon_scaling.h"

namespace sagitta {

Model with_epsilon_scaling(Model model, const EpsilonScalingParams& params) {
  model.post_cfg.emplace_back([params](const CfgState& state) {
    return state.x + (state.result - state.x) / params.scaling_factor;
  });
  return model;
}

}  // namespace sagitta
