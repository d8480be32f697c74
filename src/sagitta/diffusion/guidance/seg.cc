#include "sagitta/diffusion/guidance/seg.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/guidance/gaussian_blur.h"

#include <algorithm>

namespace sagitta {
namespace {

// Each token of x (B, T, C) becomes the mean of its sample.
Array mean_of_tokens(const Array& x) {
  const auto tokens = static_cast<std::size_t>(x.dim(1));
  const auto width = static_cast<std::size_t>(x.dim(2));
  Array out(x.shape());
  for (std::size_t sample = 0; sample < x.size(); sample += tokens * width) {
    for (std::size_t c = 0; c < width; ++c) {
      double sum = 0;
      for (std::size_t t = 0; t < tokens; ++t) sum += x[sample + t * width + c];
      const auto mean = static_cast<float>(sum / static_cast<double>(tokens));
      for (std::size_t t = 0; t < tokens; ++t) out[sample + t * width + c] = mean;
    }
  }
  return out;
}

}  // namespace

Model with_seg(Model model, const SegParams& params) {
  if (params.scale == 0) return model;
  model.post_cfg.emplace_back([params](const CfgState& state) {
    const Patches smoothing = state.patches.around_attn(
        {.site = AttnSite{.stage = Stage::middle}},
        [params](const AttnCall& call, const AttendFn& inner) {
          AttnCall smooth = call;
          smooth.q = upload(call.q.device(),
                            seg::smooth(download(call.q), call.layer.grid, params.blur_sigma));
          return inner(smooth);
        });
    const Array smoothed = state.denoise(Role::perturbed, state.x, smoothing);
    return state.result + (state.cond - smoothed) * params.scale;
  });
  return model;
}

namespace seg {

Array smooth(const Array& queries, Grid grid, float sigma) {
  require(queries.rank() == 3 && queries.dim(1) == grid.rows * grid.cols, Fault::internal,
          "queries of shape {} do not fit a grid of {}x{}", to_string(queries.shape()), grid.rows,
          grid.cols);
  if (sigma < 0) return mean_of_tokens(queries);
  const Shape image{queries.dim(0), grid.rows, grid.cols, queries.dim(2)};
  const std::int64_t most_taps = 2 * std::min(grid.rows, grid.cols) - 1;
  const int taps = static_cast<int>(std::min<std::int64_t>(sag::taps_for(sigma), most_taps));
  return to_channels_last(sag::blur(to_channels_first(queries.reshaped(image)), sigma, taps))
      .reshaped(queries.shape());
}

}  // namespace seg
}  // namespace sagitta
