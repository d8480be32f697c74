#include "sagitta/diffusion/guidance/tcfg.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <cmath>

namespace sagitta {

Model with_tcfg(Model model) {
  model.pre_cfg.emplace_back([](const CfgState& state) {
    if (!state.has_uncond) return Predictions{state.cond, state.uncond};
    return Predictions{state.cond,
                       state.x - tcfg::shared_part(state.x - state.uncond, state.x - state.cond)};
  });
  return model;
}

namespace tcfg {

// With (p, q) the first eigenvector of the products [aa ab; ab bb], the direction is p a + q b up
// to its length, and a's part in it is p (p a + q b).
Array shared_part(const Array& a, const Array& b) {
  const PerItem aa = dot(a, a);
  const PerItem ab = dot(a, b);
  const PerItem bb = dot(b, b);
  PerItem of_a(aa.size());
  PerItem of_b(aa.size());
  for (std::size_t i = 0; i < aa.size(); ++i) {
    const double angle = 0.5 * std::atan2(2 * ab[i], aa[i] - bb[i]);
    of_a[i] = std::cos(angle) * std::cos(angle);
    of_b[i] = std::cos(angle) * std::sin(angle);
  }
  return scale_items(a, of_a) + scale_items(b, of_b);
}

}  // namespace tcfg
}  // namespace sagitta
