// Temporal Score Rescaling (Xu et al. 2025, equation 6): multiplies the noise x - denoised of the
// guided prediction by (snr s^2 + 1) / (snr s^2 / k + 1), snr being 1 / sigma^2: 1 at the start of
// the schedule, k at its end, where it narrows or widens the distribution of results.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct TsrParams {
  float k = 0.95F;
  float sigma = 1.0F;

  static constexpr auto fields() {
    return std::tuple{
        field("tsr_k", &TsrParams::k, {.min = 0.01, .max = 100, .step = 0.001},
              "Factor of the noise at the end of the schedule; 1 changes nothing."),
        field("tsr_sigma", &TsrParams::sigma, {.min = 0.01, .max = 100, .step = 0.001},
              "How early it sets in; larger is earlier.")};
  }
};

[[nodiscard]] Model with_temporal_score_rescaling(Model model, const TsrParams& params);

}  // namespace sagitta
