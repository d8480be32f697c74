#include "sagitta/diffusion/guider.h"

#include <utility>
#include <vector>

namespace sagitta {
namespace {

using Ask = Denoiser::Ask;

constexpr Ask kFirst{.list = PromptList::positive, .role = Role::cond};
// The one whose attention hooks observe, as upstream numbers its conditionings.
constexpr Ask kSecond{.list = PromptList::further, .role = Role::uncond};
constexpr Ask kNegative{.list = PromptList::negative, .role = Role::extra};

Guided nested(Denoiser& denoiser, const Array& x, float sigma, const DualScales& scales) {
  const Ask asks[] = {kFirst, kSecond, kNegative};
  std::vector<Array> predictions = denoiser.predict(asks, x, sigma);
  Guided guided = denoiser.guide(
      {.predictions = {.cond = std::move(predictions[0]), .uncond = std::move(predictions[1])},
       .cond = PromptList::positive,
       .uncond = PromptList::further},
      scales.first, x, sigma);
  const Array& negative = predictions[2];
  guided.denoised = negative + (guided.denoised - negative) * scales.second;
  return guided;
}

// What a scale of 1 makes unnecessary is not evaluated and counts as zero.
Guided regular(Denoiser& denoiser, const Array& x, float sigma, const DualScales& scales) {
  const bool all = denoiser.model().needs_uncond || denoiser.options().needs_uncond;
  const bool with_negative = all || !is_scale_one(scales.second);
  const bool with_second = with_negative || !is_scale_one(scales.first);
  std::vector<Ask> asks{kFirst};
  if (with_second) asks.push_back(kSecond);
  if (with_negative) asks.push_back(kNegative);
  std::vector<Array> predictions = denoiser.predict(asks, x, sigma);
  predictions.resize(3, Array(x.shape()));
  const Array push = (predictions[0] - predictions[1]) * scales.first;
  Guided guided = denoiser.guide(
      {.predictions = {.cond = std::move(predictions[1]), .uncond = std::move(predictions[2])},
       .cond = PromptList::further,
       .uncond = PromptList::negative,
       .has_uncond = with_negative},
      scales.second, x, sigma);
  guided.denoised += push;
  return guided;
}

}  // namespace

Guider cfg_guider(Model model, Conditioning positive, Conditioning negative, float cfg) {
  return {.model = std::move(model),
          .positive = std::move(positive),
          .negative = std::move(negative),
          .cfg = cfg};
}

Guider basic_guider(Model model, Conditioning conditioning) {
  model.cfg_overrides.clear();  // without a negative there is no scale to override
  return cfg_guider(std::move(model), std::move(conditioning), {}, 1);
}

Guider dual_cfg_guider(Model model, Conditioning first, Conditioning second, Conditioning negative,
                       const DualScales& scales) {
  return {.model = std::move(model),
          .positive = std::move(first),
          .negative = std::move(negative),
          .further = std::move(second),
          .rule = [scales](Denoiser& denoiser, const Array& x, float sigma) {
            return scales.style == DualStyle::nested ? nested(denoiser, x, sigma, scales)
                                                     : regular(denoiser, x, sigma, scales);
          }};
}

Guider dual_model_guider(Model model, Model negative_model, Conditioning positive,
                         Conditioning negative, float cfg) {
  return {.model = std::move(model),
          .positive = std::move(positive),
          .rule = [negative_model = std::move(negative_model), negative = std::move(negative), cfg](
                      Denoiser& denoiser, const Array& x, float sigma) {
            const float scale = cfg_scale_at(denoiser.model(), cfg, sigma);
            const bool with_negative = !is_scale_one(scale) || denoiser.model().needs_uncond ||
                                       denoiser.options().needs_uncond;
            Predictions predictions{
                .cond = std::move(denoiser.predict({&kFirst, 1}, x, sigma).front()),
                .uncond = with_negative ? denoiser.predict_with(negative_model, negative,
                                                                Role::uncond, x, sigma)
                                        : Array(x.shape())};
            return denoiser.guide(
                {.predictions = std::move(predictions), .has_uncond = with_negative}, scale, x,
                sigma);
          }};
}

}  // namespace sagitta
