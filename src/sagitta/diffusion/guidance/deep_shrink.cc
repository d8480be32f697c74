#include "sagitta/diffusion/guidance/deep_shrink.h"

#include "sagitta/core/layout.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

Tensor resize_map(const Tensor& h, std::int64_t rows, std::int64_t cols, ResizeMethod method) {
  const Array planes = to_channels_first(download(h));
  return upload(h.device(), to_channels_last(resize(planes, rows, cols, method)));
}

}  // namespace

Model with_deep_shrink(Model model, const DeepShrinkParams& params) {
  const double start = model.sampling.percent_to_sigma(params.start_percent);
  const double end = model.sampling.percent_to_sigma(params.end_percent);
  const InputBlockFn shrink = [=](const Tensor& h, const UnetBlock& block) {
    const bool active = block.pass.sigma <= start && block.pass.sigma >= end;
    if (block.index != params.block_number || !active) return h;
    const auto shrunk = [&](std::int64_t size) {
      const double wanted = static_cast<double>(size) * (1.0 / params.downscale_factor);
      return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::nearbyint(wanted)));
    };
    return resize_map(h, shrunk(h.dim(1)), shrunk(h.dim(2)), params.downscale_method);
  };
  model.patches = params.downscale_after_skip ? model.patches.change_input_block_after_skip(shrink)
                                              : model.patches.change_input_block(shrink);
  model.patches = model.patches.change_output_block([=](BlockJoin join, const UnetBlock&) {
    const std::int64_t rows = join.skip.dim(1);
    const std::int64_t cols = join.skip.dim(2);
    if (join.h.dim(1) != rows || join.h.dim(2) != cols) {
      join.h = resize_map(join.h, rows, cols, params.upscale_method);
    }
    return join;
  });
  return model;
}

}  // namespace sagitta
