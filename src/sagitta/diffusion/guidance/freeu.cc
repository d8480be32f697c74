#include "sagitta/diffusion/guidance/freeu.h"

#include "sagitta/core/layout.h"
#include "sagitta/diffusion/guidance/fourier_box.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sagitta {
namespace {

struct LevelFactors {
  float backbone;
  float skip;
};

std::optional<LevelFactors> factors_at(const FreeUParams& params, std::int64_t channels,
                                       std::int64_t model_channels) {
  if (channels == 4 * model_channels) return LevelFactors{params.b1, params.s1};
  if (channels == 2 * model_channels) return LevelFactors{params.b2, params.s2};
  return std::nullopt;
}

// The first half of the channels of h (B, H, W, C) times one factor per position (B*H*W).
void scale_half(Array& h, std::span<const float> factors) {
  const auto channels = static_cast<std::size_t>(h.dim(3));
  for (std::size_t position = 0; position < factors.size(); ++position) {
    float* values = h.data() + position * channels;
    for (std::size_t c = 0; c < channels / 2; ++c) values[c] *= factors[position];
  }
}

// How strong h (B, H, W, C) is at each position: the mean over channels, per sample from 0 to 1.
std::vector<float> strength_of(const Array& h) {
  const auto channels = static_cast<std::size_t>(h.dim(3));
  std::vector<float> strength(h.size() / channels);
  for (std::size_t position = 0; position < strength.size(); ++position) {
    double sum = 0;
    for (std::size_t c = 0; c < channels; ++c) sum += h[position * channels + c];
    strength[position] = static_cast<float>(sum / static_cast<double>(channels));
  }
  const std::size_t cells = strength.size() / static_cast<std::size_t>(h.dim(0));
  for (auto sample = strength.begin(); sample != strength.end();) {
    const auto end = sample + static_cast<std::ptrdiff_t>(cells);
    const auto [low, high] = std::minmax_element(sample, end);
    const float base = *low;
    const float range = *high - *low;
    for (; sample != end; ++sample) *sample = range > 0 ? (*sample - base) / range : 0.0F;
  }
  return strength;
}

Model with_version(Model model, const FreeUParams& params, bool by_strength) {
  model.patches = model.patches.change_output_block([=](BlockJoin join, const UnetBlock& block) {
    const auto factors = factors_at(params, join.h.dim(3), block.model_channels);
    if (!factors) return join;
    Array h = download(join.h);
    std::vector<float> per_position(h.size() / static_cast<std::size_t>(h.dim(3)),
                                    factors->backbone);
    if (by_strength) {
      per_position = strength_of(h);
      for (float& factor : per_position) factor = (factors->backbone - 1) * factor + 1;
    }
    scale_half(h, per_position);
    const Array skip = scale_frequencies(to_channels_first(download(join.skip)),
                                         {.rows = 1, .cols = 1, .inside = factors->skip});
    return BlockJoin{.h = upload(join.h.device(), h),
                     .skip = upload(join.skip.device(), to_channels_last(skip))};
  });
  return model;
}

}  // namespace

Model with_freeu(Model model, const FreeUParams& params) {
  return with_version(std::move(model), params, false);
}

Model with_freeu_v2(Model model, const FreeUV2Params& params) {
  return with_version(std::move(model), params, true);
}

}  // namespace sagitta
