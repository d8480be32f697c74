#include "sagitta/diffusion/guidance/cfg_norm.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <algorithm>

namespace sagitta {
namespace {

Array shorten(const CfgState& state, float strength) {
  constexpr float kSmallestNorm = 1e-8F;
  Array factors = channel_norm(state.cond);
  const Array lengths = channel_norm(state.result);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i] = std::clamp(factors[i] / (lengths[i] + kSmallestNorm), 0.0F, 1.0F) * strength;
  }
  return scale_positions(state.result, factors);
}

Array rescale(const CfgState& state, float strength) {
  constexpr float kSmallestNorm = 1e-12F;
  const Array cond = state.x - state.cond;
  const Array uncond = state.x - state.uncond;
  const Array guided = uncond + (cond - uncond) * state.scale;
  Array factors = channel_norm(cond);
  const Array lengths = channel_norm(guided);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const float ratio = lengths[i] > 0 ? factors[i] / std::max(lengths[i], kSmallestNorm) : 1.0F;
    factors[i] = strength * ratio + (1 - strength);
  }
  return state.x - scale_positions(guided, factors);
}

}  // namespace

Model with_cfg_norm(Model model, const CfgNormParams& params) {
  if (params.pre_cfg) {
    model.cfg = [params](const CfgState& state) { return rescale(state, params.strength); };
  } else {
    model.post_cfg.emplace_back(
        [params](const CfgState& state) { return shorten(state, params.strength); });
  }
  return model;
}

}  // namespace sagitta
