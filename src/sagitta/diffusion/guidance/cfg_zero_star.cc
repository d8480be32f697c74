#include "sagitta/diffusion/guidance/cfg_zero_star.h"

#include "sagitta/diffusion/guidance/per_item.h"

namespace sagitta {

Model with_cfg_zero_star(Model model) {
  model.post_cfg.emplace_back([](const CfgState& state) {
    constexpr double kSmallestSquare = 1e-8;
    const Array noise = state.x - state.uncond;
    PerItem factors = dot(state.x - state.cond, noise);
    const PerItem squares = dot(noise, noise);
    for (std::size_t i = 0; i < factors.size(); ++i) {
      const double best = factors[i] / (squares[i] + kSmallestSquare);
      factors[i] = (best - 1) * (1 - state.scale);
    }
    return state.result + scale_items(state.uncond, factors);
  });
  return model;
}

}  // namespace sagitta
