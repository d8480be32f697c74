#include "sagitta/diffusion/guidance/sag.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/gaussian_blur.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

class SagTest : public testing::Test {
 protected:
  // One guided evaluation at sigma 3.
  Array denoise(const Model& model, const Conditioning& negative, DenoiseOptions options = {},
                const Shape& shape = {1, 4, 9, 7}) {
    const Array x = random_array(5, shape);
    const auto conditioning =
        prepare_conditioning(toy_prompt(1), negative, model, shape[2], shape[3]);
    RunScratch scratch;
    Denoiser denoiser(model, conditioning, scratch, options);
    Array result = denoiser(x, kSigma).denoised;
    calls_ = denoiser.calls();
    return result;
  }

  static constexpr float kSigma = 3;
  std::unique_ptr<Device> device_ = open_device("reference");
  Model plain_ = test::toy_model(*device_);
  int calls_ = 0;
};

TEST_F(SagTest, CostsOneCallMoreAndChangesTheResult) {
  const Array cfg = denoise(plain_, toy_prompt(2));
  EXPECT_EQ(calls_, 1);
  const Array guided = denoise(with_sag(plain_, {}), toy_prompt(2));
  EXPECT_EQ(calls_, 2);
  EXPECT_GT(max_difference(cfg, guided), 1e-4F);
}

TEST_F(SagTest, ScaleZeroIsPlainGuidanceAtNoCost) {
  const Array cfg = denoise(plain_, toy_prompt(2));
  const Array guided = denoise(with_sag(plain_, {.scale = 0}), toy_prompt(2));
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(max_difference(cfg, guided), 0);
}

TEST_F(SagTest, IsLinearInItsScale) {
  const Array cfg = denoise(plain_, toy_prompt(2));
  const Array once = denoise(with_sag(plain_, {.scale = 1}), toy_prompt(2)) - cfg;
  const Array minus_twice = denoise(with_sag(plain_, {.scale = -2}), toy_prompt(2)) - cfg;
  EXPECT_LT(max_difference(once * -2, minus_twice), 2e-5F);
}

// Without a blur the degraded prediction is the unconditional one, so the network sees x again.
TEST_F(SagTest, BlurZeroIsFiniteAndPushesByNothing) {
  const Array cfg = denoise(plain_, toy_prompt(2));
  const Array guided = denoise(with_sag(plain_, {.scale = 1, .blur_sigma = 0}), toy_prompt(2));
  EXPECT_TRUE(std::isfinite(guided[0]));
  EXPECT_LT(max_difference(cfg, guided), 1e-4F);
}

TEST_F(SagTest, LeavesLatentsOfFourCellsASideAlone) {
  const Shape small{1, 4, 4, 12};
  const Array cfg = denoise(plain_, toy_prompt(2), {}, small);
  EXPECT_EQ(max_difference(cfg, denoise(with_sag(plain_, {}), toy_prompt(2), {}, small)), 0);
}

TEST_F(SagTest, ForcesTheNegativeAtCfgOne) {
  const Array cfg = denoise(plain_, toy_prompt(2), {.cfg = 1});
  const Array guided = denoise(with_sag(plain_, {}), toy_prompt(2), {.cfg = 1});
  EXPECT_EQ(calls_, 2);
  EXPECT_GT(max_difference(cfg, guided), 1e-4F);
}

TEST_F(SagTest, TwoEqualNegativesAreOne) {
  const Model model = with_sag(plain_, {});
  Conditioning twice = toy_prompt(2);
  twice.push_back(twice[0]);
  EXPECT_LT(max_difference(denoise(model, toy_prompt(2)), denoise(model, twice)), 1e-5F);
}

TEST_F(SagTest, ABatchOfTwoIsTwoSingles) {
  const Model model = with_sag(plain_, {});
  const Array x = random_array(5, {2, 4, 8, 8});
  const auto conditioning = prepare_conditioning(toy_prompt(1), toy_prompt(2), model, 8, 8);
  const auto run = [&](const Array& at) {
    RunScratch scratch;
    return Denoiser(model, conditioning, scratch, {})(at, kSigma).denoised;
  };
  const Array both = run(x);
  EXPECT_EQ(max_difference(both.slice(0, 1), run(x.slice(0, 1))), 0);
  EXPECT_EQ(max_difference(both.slice(1, 1), run(x.slice(1, 1))), 0);
}

// The negative is active in the first half of the schedule only. In the second half there is no
// degraded prediction, and above all no map left over from an earlier step.
TEST_F(SagTest, ANegativeOutsideItsRangeMeansNoSagAtThatStep) {
  const Model model = with_sag(plain_, {});
  Conditioning negative = toy_prompt(2);
  negative[0].end_percent = 0.5;
  const Array x = random_array(5, {1, 4, 8, 8});
  const auto conditioning = prepare_conditioning(toy_prompt(1), negative, model, 8, 8);
  RunScratch scratch;
  Denoiser guided(model, conditioning, scratch, {});
  Denoiser cfg(plain_, conditioning, scratch, {});
  EXPECT_GT(max_difference(guided(x, 10).denoised, cfg(x, 10).denoised), 1e-5F);
  EXPECT_EQ(max_difference(guided(x, 0.5F).denoised, cfg(x, 0.5F).denoised), 0);
}

// The second application reads its own map; upstream fails here.
TEST_F(SagTest, TwoApplicationsAdd) {
  const Array cfg = denoise(plain_, toy_prompt(2));
  const Array one = denoise(with_sag(plain_, {.scale = 0.5F}), toy_prompt(2)) - cfg;
  const Model stacked = with_sag(with_sag(plain_, {.scale = 0.5F}), {.scale = 0.25F});
  const Array both = denoise(stacked, toy_prompt(2)) - cfg;
  EXPECT_EQ(calls_, 3);
  EXPECT_LT(max_difference(one * 1.5F, both), 2e-5F);
}

// Observers see every application, also those added after them, and change nothing.
TEST_F(SagTest, ShowsObserversWhatItDid) {
  Model watched = with_sag(plain_, {.scale = 0.5F});
  int seen = 0;
  watched.sag_observers.emplace_back([&](const SagTrace& trace) {
    ++seen;
    EXPECT_EQ(trace.sigma, kSigma);
    const Array mask = sag::mask(trace.received);
    EXPECT_EQ(max_difference(trace.mask, mask), 0);
    const Array degraded = sag::degrade(trace.x0, sag::blur(trace.x0, 2), mask);
    EXPECT_EQ(max_difference(trace.degraded, degraded), 0);
    EXPECT_EQ(max_difference(trace.push, (degraded - trace.prediction) * 0.5F), 0);
  });
  const Array guided = denoise(watched, toy_prompt(2));
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(max_difference(guided, denoise(with_sag(plain_, {.scale = 0.5F}), toy_prompt(2))), 0);
  static_cast<void>(denoise(with_sag(watched, {.scale = 0.5F}), toy_prompt(2)));
  EXPECT_EQ(seen, 3);
}

TEST_F(SagTest, LeavesTheOriginalModelAlone) {
  const Model patched = with_sag(plain_, {});
  EXPECT_TRUE(plain_.post_cfg.empty());
  EXPECT_FALSE(plain_.needs_uncond);
  EXPECT_EQ(patched.post_cfg.size(), 1U);
}

TEST_F(SagTest, RefusesAModelWithoutMiddleAttention) {
  models::UnetSpec spec = test::toy_spec();
  spec.middle_depth = 0;
  EXPECT_THROW(static_cast<void>(with_sag(test::toy_model(*device_, spec), {})), Error);
}

TEST(SagBlur, KeepsConstantsAndSpreadsAPoint) {
  const Array flat = sag::blur(Array({1, 1, 6, 9}, 3), 2);
  EXPECT_NEAR(flat[0], 3, 1e-6F);
  Array point({1, 1, 9, 9});
  point[40] = 1;
  const Array spread = sag::blur(point, 1);
  // exp(-k^2 / 2) over k = -4..4 sums to 2.50662; the centre is its inverse squared.
  EXPECT_NEAR(spread[40], 1 / (2.50662F * 2.50662F), 1e-5F);
  EXPECT_NEAR(spread[40 + 1], spread[40] * std::exp(-0.5F), 1e-6F);
}

TEST(SagBlur, RefusesPlanesSmallerThanItsReflection) {
  EXPECT_THROW(static_cast<void>(sag::blur(Array({1, 1, 4, 9}), 1)), Error);
}

TEST(SagMask, UsesTheTrueGridOfATallLatent) {
  // 2x1 tokens over 5x3 cells: rows 0..2 see the first token, rows 3..4 the second.
  const Array mask =
      sag::mask(sag::to_cells(Array({1, 2}, {1.5F, 0.5F}), {.rows = 2, .cols = 1}, 5, 3));
  EXPECT_EQ(mask[2 * 3 + 2], 1);
  EXPECT_EQ(mask[3 * 3], 0);
}

TEST(SagMask, AverageAttentionIsNotAboveAverage) { EXPECT_EQ(sag::mask(Array({1, 1}, 1))[0], 0); }

}  // namespace
}  // namespace sagitta
