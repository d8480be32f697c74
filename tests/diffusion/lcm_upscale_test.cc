#include "sagitta/diffusion/samplers/lcm_upscale.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta::sampling {
namespace {

using testing::ElementsAre;

// Widths of the latent at each prediction and of the result, from 4x2 cells.
std::vector<std::int64_t> widths(const LcmUpscaleParams& params,
                                 std::vector<float> sigmas = {3, 2, 1, 0}) {
  const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  std::vector<std::int64_t> seen;
  const SamplerRun run{.denoise =
                           [&](const Array& x, float) {
                             seen.push_back(x.dim(3));
                             return Prediction{.denoised = x, .uncond = x};
                           },
                       .sigmas = std::move(sigmas),
                       .model_sampling = sampling,
                       .on_step = {}};
  seen.push_back(lcm_upscale(run, Array({1, 1, 2, 4}, 1), params).dim(3));
  return seen;
}

TEST(LcmUpscale, GrowsLinearlyOverTheFirstHalf) {
  // Four sigmas: two stages, 1.5 and 2.
  EXPECT_THAT(widths({.scale_ratio = 2}), ElementsAre(4, 6, 8, 8));
}

TEST(LcmUpscale, GrowsOverAsManyStepsAsAsked) {
  EXPECT_THAT(widths({.scale_ratio = 2.5, .scale_steps = 3}), ElementsAre(4, 6, 8, 10));
  EXPECT_THAT(widths({.scale_ratio = 2.5, .scale_steps = 1}), ElementsAre(4, 10, 10, 10));
  EXPECT_THAT(widths({.scale_ratio = 2.5, .scale_steps = 0}), ElementsAre(4, 4, 4, 4));
  // More than there are sigmas: as many as those, of which the last is never reached.
  EXPECT_THAT(widths({.scale_ratio = 3, .scale_steps = 1000}), ElementsAre(4, 6, 8, 10));
}

TEST(LcmUpscale, NothingToDoWithoutSteps) {
  EXPECT_THAT(widths({.scale_ratio = 2}, {3}), ElementsAre(4));
  EXPECT_THAT(widths({.scale_ratio = 2}, {}), ElementsAre(4));
}

TEST(LcmUpscale, RefusesSidesWithoutSize) {
  EXPECT_THROW(static_cast<void>(widths({.scale_ratio = 0.1, .scale_steps = 1})), Error);
}

TEST(LcmUpscale, NoiseGoesOnFromTheRunsGenerator) {
  const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  TorchRng generator(5);
  TorchRng expected(5);
  const SamplerRun run{
      .denoise = [](const Array& x,
                    float) { return Prediction{.denoised = Array(x.shape()), .uncond = x}; },
      .sigmas = {3, 2},
      .seed = 9,
      .model_sampling = sampling,
      .on_step = {},
      .generator = &generator};
  const Array got = lcm_upscale(run, Array({1, 1, 2, 2}, 1), {.method = ResizeMethod::bilinear});
  Array noise({1, 1, 2, 2});
  expected.randn(noise.values());
  for (std::size_t i = 0; i < noise.size(); ++i) EXPECT_FLOAT_EQ(got[i], 2 * noise[i]);
}

}  // namespace
}  // namespace sagitta::sampling
