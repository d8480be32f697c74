#include "sagitta/diffusion/guidance/rescale_cfg.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <cmath>

namespace sagitta {
namespace {

// Upstream hands predictions to this method as noise, x - prediction, and takes its result as
// noise. In single precision that rounds them to the last place of x, which shows where sigma is in
// the thousands (zero terminal SNR).
Array through_noise(const Array& x, const Array& prediction) { return x - (x - prediction); }

Array guide(const CfgState& state, float multiplier) {
  const float variance = state.sigma * state.sigma + 1;
  const float to_v = std::sqrt(variance) / state.sigma;
  const Array base = state.x / variance;
  const Array cond = (base - through_noise(state.x, state.cond)) * to_v;
  const Array uncond = (base - through_noise(state.x, state.uncond)) * to_v;
  const Array guided = uncond + (cond - uncond) * state.scale;
  PerItem factors = deviation(cond);
  const PerItem guided_deviation = deviation(guided);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i] = multiplier * factors[i] / guided_deviation[i] + (1 - multiplier);
  }
  return through_noise(state.x, base - scale_items(guided, factors) * (1 / to_v));
}

}  // namespace

Model with_rescale_cfg(Model model, const RescaleCfgParams& params) {
  model.cfg = [params](const CfgState& state) { return guide(state, params.multiplier); };
  return model;
}

}  // namespace sagitta
