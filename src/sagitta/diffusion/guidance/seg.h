// Smoothed Energy Guidance (Hong 2024, "Smoothed Energy Guidance: Guiding Diffusion Models with
// Reduced Energy Curvature of Attention"): pushes away from a prediction for which the queries of
// the middle block's self-attention were blurred over the token grid.
//
//   result + (cond - smoothed) * scale
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct SegParams {
  float scale = 3.0F;
  float blur_sigma = -1.0F;

  static constexpr auto fields() {
    return std::tuple{
        field("scale", &SegParams::scale, {.min = 0, .max = 100, .step = 0.01, .round = 0.01},
              "Strength of the push away from the smoothed prediction; 0 turns it off."),
        field("blur_sigma", &SegParams::blur_sigma, {.min = -1, .max = 9999, .step = 0.1},
              "Standard deviation of the blur in tokens; below 0 all queries become their mean.")};
  }
};

// Costs one more network pass on the positive conditioning per evaluation. Scale 0 changes nothing.
[[nodiscard]] Model with_seg(Model model, const SegParams& params);

namespace seg {

// Queries (B, rows*cols, C) blurred over their grid: a Gaussian of three sigmas on either side with
// reflect padding, of fewer taps where the grid is smaller. sigma 0 returns them unchanged, below 0
// each becomes the mean of its sample.
[[nodiscard]] Array smooth(const Array& queries, Grid grid, float sigma);

}  // namespace seg
}  // namespace sagitta
