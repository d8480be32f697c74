#include "sagitta/diffusion/guidance/rescale_cfg.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <cmath>

namespace sagitta {
namespace {

Array guide(const CfgState& state, float multiplier) {
  const float variance = state.sigma * state.sigma + 1;
  const float to_v = std::sqrt(variance) / state.sigma;
  const Array base = state.x / variance;
  const Array cond = (base - state.cond) * to_v;
  const Array uncond = (base - state.uncond) * to_v;
  const Array guided = uncond + (cond - uncond) * state.scale;
  PerItem factors = deviation(cond);
  const PerItem guided_deviation = deviation(guided);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i] = multiplier * factors[i] / guided_deviation[i] + (1 - multiplier);
  }
  return base - scale_items(guided, factors) * (1 / to_v);
}

}  // namespace

Model with_rescale_cfg(Model model, const RescaleCfgParams& params) {
  model.cfg = [params](const CfgState& state) { return guide(state, params.multiplier); };
  return model;
}

}  // namespace sagitta
