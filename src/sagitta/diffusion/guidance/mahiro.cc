#include "sagitta/diffusion/guidance/mahiro.h"

#include "sagitta/diffusion/guidance/per_item.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

Array signed_root(Array x) {
  for (float& value : x.values()) value = std::copysign(std::sqrt(std::abs(value)), value);
  return x;
}

// Mean over all positions of the cosine between the channel vectors of a and b (B, C, H, W).
float mean_cosine(const Array& a, const Array& b) {
  constexpr float kSmallestNorm = 1e-8F;
  const Array length_a = channel_norm(a);
  const Array length_b = channel_norm(b);
  const std::int64_t channels = a.dim(1);
  const auto cells = static_cast<std::size_t>(a.dim(2) * a.dim(3));
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t position = i / cells / static_cast<std::size_t>(channels) * cells + i % cells;
    sum += static_cast<double>(a[i]) * b[i] /
           (static_cast<double>(std::max(length_a[position], kSmallestNorm)) *
            std::max(length_b[position], kSmallestNorm));
  }
  return static_cast<float>(sum / static_cast<double>(length_a.size()));
}

}  // namespace

Model with_mahiro(Model model) {
  model.post_cfg.emplace_back([](const CfgState& state) {
    const Array leap = state.cond * state.scale;
    const Array merged = (leap + state.result) * 0.5F;
    const float likeness =
        mean_cosine(signed_root(state.uncond * state.scale), signed_root(merged));
    const float share = (likeness + 1) / 2;  // 0..1
    return state.result * share + leap * (1 - share);
  });
  return model;
}

}  // namespace sagitta
