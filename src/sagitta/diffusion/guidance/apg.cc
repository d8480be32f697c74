#include "sagitta/diffusion/guidance/apg.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <algorithm>

namespace sagitta {
namespace {

struct Momentum {
  Array average;  // empty: no step yet
  float sigma = 0;

  // The running average with this step's guidance.
  Array add(const Array& guidance, float share, float at_sigma) {
    if (average.shape() != guidance.shape() || at_sigma > sigma) {
      average = guidance;
    } else {
      average = average * share + guidance;
    }
    sigma = at_sigma;
    return average;
  }
};

// The guidance vector, at most `threshold` long, its part along cond times eta.
Array project(Array guidance, const Array& cond, const ApgParams& params) {
  constexpr double kSmallestNorm = 1e-12;
  if (params.norm_threshold > 0) {
    PerItem factors = norm(guidance);
    for (double& factor : factors) factor = std::min(1.0, params.norm_threshold / factor);
    guidance = scale_items(std::move(guidance), factors);
  }
  PerItem along = dot(guidance, cond);
  const PerItem length = norm(cond);
  for (std::size_t i = 0; i < along.size(); ++i) {
    const double safe = std::max(length[i], kSmallestNorm);
    along[i] *= (params.eta - 1) / (safe * safe);
  }
  return guidance + scale_items(cond, along);
}

}  // namespace

Model with_apg(Model model, const ApgParams& params) {
  const HookId id = make_hook_id();
  model.pre_cfg.emplace_back([id, params](const CfgState& state) {
    const Array difference = state.cond - state.uncond;
    Array guidance = difference;
    if (params.momentum != 0) {
      guidance = state.scratch.get<Momentum>(id).add(difference, params.momentum, state.sigma);
    }
    if (state.scale == 0) return Predictions{state.cond, state.uncond};
    // The formula multiplies cond - uncond by the scale: the last term is then the plain
    // prediction.
    return Predictions{
        state.uncond + project(std::move(guidance), state.cond, params) + difference / state.scale,
        state.uncond};
  });
  return model;
}

}  // namespace sagitta
