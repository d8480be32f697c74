#include "sagitta/diffusion/guidance/perp_neg.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <numeric>
#include <utility>

namespace sagitta {
namespace {

double whole_dot(const Array& a, const Array& b) {
  const PerItem products = dot(a, b);
  return std::accumulate(products.begin(), products.end(), 0.0);
}

}  // namespace

Model with_perp_neg(Model model, const Conditioning& empty, const PerpNegParams& params) {
  model.cfg = [empty, params](const CfgState& state) {
    return perp_neg(state.cond, state.uncond, state.denoise_with(empty, state.x, state.patches),
                    params.neg_scale, state.scale);
  };
  return model;
}

Model with_perp_neg_guider(Model model, const Conditioning& empty, const PerpNegParams& params) {
  model = with_perp_neg(std::move(model), empty, params);
  if (params.neg_scale != 0) model.needs_uncond = true;
  return model;
}

Array perp_neg(const Array& positive, const Array& negative, const Array& empty, float neg_scale,
               float scale) {
  const Array p = positive - empty;
  const Array n = negative - empty;
  const double square = whole_dot(p, p);
  const double along = square > 0 ? whole_dot(n, p) / square : 0;
  return empty + (p - (n - p * static_cast<float>(along)) * neg_scale) * scale;
}

}  // namespace sagitta
