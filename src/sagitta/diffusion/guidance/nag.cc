#include "sagitta/diffusion/guidance/nag.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sagitta {
namespace {

// The negative row that guides a positive one, or nothing.
std::optional<std::size_t> partner_of(const Row& positive, const std::vector<Row>& rows) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].role != Role::uncond || rows[i].item != positive.item) continue;
    if (rows[i].area == positive.area) return i;
    if (!found) found = i;
  }
  return found;
}

Tensor guide_rows(const Tensor& out, const AttnLayer& layer, const NagParams& params) {
  const std::vector<Row>& rows = layer.pass.rows;
  const auto is = [&](Role role) {
    return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.role == role; });
  };
  if (!is(Role::cond) || !is(Role::uncond)) return out;
  Array values = download(out);
  const auto tokens = static_cast<std::size_t>(out.dim(1));
  const auto width = static_cast<std::size_t>(out.dim(2));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].role != Role::cond) continue;
    const auto partner = partner_of(rows[i], rows);
    if (!partner) continue;
    for (std::size_t t = 0; t < tokens; ++t) {
      nag::guide(values.values().subspan((i * tokens + t) * width, width),
                 values.values().subspan((*partner * tokens + t) * width, width), params);
    }
  }
  return upload(out.device(), values);
}

}  // namespace

Model with_nag(Model model, const NagParams& params) {
  model.needs_uncond = true;
  model.patches = model.patches.change_attn_output(
      {.kind = AttnKind::self}, [params](const Tensor& out, const AttnLayer& layer) {
        return guide_rows(out, layer, params);
      });
  return model;
}

namespace nag {

void guide(std::span<float> positive, std::span<const float> negative, const NagParams& params) {
  constexpr double kSmallestNorm = 1e-6;
  const auto guided = [&](std::size_t i) {
    return positive[i] * params.scale - negative[i] * (params.scale - 1);
  };
  double norm = 0;
  double guided_norm = 0;
  for (std::size_t i = 0; i < positive.size(); ++i) {
    norm += std::abs(positive[i]);
    guided_norm += std::abs(guided(i));
  }
  const double ratio = std::max(guided_norm, kSmallestNorm) / std::max(norm, kSmallestNorm);
  const auto shrink = static_cast<float>(std::min<double>(ratio, params.tau) / ratio);
  for (std::size_t i = 0; i < positive.size(); ++i) {
    positive[i] = guided(i) * shrink * params.alpha + positive[i] * (1 - params.alpha);
  }
}

}  // namespace nag
}  // namespace sagitta
