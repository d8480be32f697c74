// Methods that change how guidance joins its predictions: where they must change nothing, and small
// numbers.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/guidance/apg.h"
#include "sagitta/diffusion/guidance/cfg_norm.h"
#include "sagitta/diffusion/guidance/cfg_zero_star.h"
#include "sagitta/diffusion/guidance/epsilon_scaling.h"
#include "sagitta/diffusion/guidance/fourier_box.h"
#include "sagitta/diffusion/guidance/fresca.h"
#include "sagitta/diffusion/guidance/latent_operation.h"
#include "sagitta/diffusion/guidance/per_item.h"
#include "sagitta/diffusion/guidance/perp_neg.h"
#include "sagitta/diffusion/guidance/rescale_cfg.h"
#include "sagitta/diffusion/guidance/tcfg.h"
#include "sagitta/diffusion/guidance/temporal_score_rescaling.h"
#include "support/guided.h"

#include <cmath>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;

using FormulaTest = test::GuidedTest;

TEST_F(FormulaTest, NeutralParametersArePlainGuidance) {
  const Array cfg = denoise(plain_);
  const Model neutral[] = {with_rescale_cfg(plain_, {.multiplier = 0}),
                           with_cfg_norm(plain_, {.strength = 0, .pre_cfg = true}),
                           with_fresca(plain_, {.scale_low = 1, .scale_high = 1}),
                           with_epsilon_scaling(plain_, {.scaling_factor = 1}),
                           with_temporal_score_rescaling(plain_, {.k = 1}),
                           with_latent_operation(plain_, [](const Array& x) { return x; })};
  for (const Model& model : neutral) EXPECT_LT(max_difference(denoise(model), cfg), 1e-4F);
}

TEST_F(FormulaTest, ASmallFactorKeepsLessOfTheNoise) {
  EXPECT_GT(max_difference(denoise(with_epsilon_scaling(plain_, {.scaling_factor = 0.9F})),
                           denoise(plain_)),
            1e-2F);
}

// A method in the place of the formula gives way to the next one.
TEST_F(FormulaTest, TheLastFormulaHolds) {
  const Model rescaled = with_rescale_cfg(plain_, {});
  const Model both = with_rescale_cfg(with_cfg_norm(plain_, {.pre_cfg = true}), {});
  EXPECT_EQ(max_difference(denoise(rescaled), denoise(both)), 0);
}

using ApgTest = test::GuidedTest;

// uncond + scale * (cond - uncond) + (cond - uncond): one scale more.
TEST_F(ApgTest, WithoutLimitAndProjectionIsGuidanceOfOneScaleMore) {
  const Model model = with_apg(plain_, {.eta = 1, .norm_threshold = 0});
  EXPECT_LT(max_difference(denoise(model, 6), denoise(plain_, 7)), 1e-4F);
}

TEST_F(ApgTest, AtScaleZeroIsThePlainPrediction) {
  EXPECT_EQ(max_difference(denoise(with_apg(plain_, {}), 0), denoise(plain_, 0)), 0);
}

using CfgZeroStarTest = test::GuidedTest;

TEST_F(CfgZeroStarTest, IsNothingAtScaleOneEvenWithANegative) {
  Model plain = plain_;
  plain.needs_uncond = true;
  EXPECT_LT(max_difference(denoise(with_cfg_zero_star(plain), 1), denoise(plain, 1)), 1e-5F);
  EXPECT_GT(max_difference(denoise(with_cfg_zero_star(plain), 7), denoise(plain, 7)), 1e-4F);
}

TEST(Tcfg, KeepsTheStrongerOfTwoPerpendicularDirections) {
  const Array a({1, 2}, {3, 0});
  const Array b({1, 2}, {0, 2});
  EXPECT_LT(max_difference(tcfg::shared_part(a, b), a), 1e-6F);
  EXPECT_LT(max_difference(tcfg::shared_part(b, a), Array({1, 2})), 1e-6F);
  EXPECT_LT(max_difference(tcfg::shared_part(a, a * -2), a), 1e-6F);  // one direction for both
}

TEST(PerpNeg, ANegativeAlongThePositiveDoesNothing) {
  const Array empty({1, 2}, {1, 1});
  const Array positive({1, 2}, {2, 3});
  const Array negative = empty + (positive - empty) * 0.5F;
  // empty + 4 * (1, 2)
  EXPECT_LT(max_difference(perp_neg(positive, negative, empty, 9, 4), Array({1, 2}, {5, 9})),
            1e-5F);
  // Without a positive direction there is nothing to be perpendicular to: empty - 4 * 2 * (1, 2).
  EXPECT_LT(max_difference(perp_neg(empty, positive, empty, 2, 4), Array({1, 2}, {-7, -15})),
            1e-5F);
}

TEST(PerItem, SumsEachItemOnItsOwn) {
  const Array x({2, 2, 1}, {3, 4, 1, 5});
  EXPECT_EQ(norm(x)[0], 5);
  EXPECT_EQ(dot(x, x)[1], 26);
  EXPECT_DOUBLE_EQ(deviation(x)[1], std::sqrt(8.0));  // ((1-3)^2 + (5-3)^2) / 1
  EXPECT_EQ(channel_norm(x).shape(), (Shape{2, 1}));
  EXPECT_EQ(channel_norm(x)[0], 5);
  const double factors[] = {2, 0};
  EXPECT_EQ(max_difference(scale_items(x, factors), Array({2, 2, 1}, {6, 8, 0, 0})), 0);
}

TEST(FourierBox, HoldsTheMeanAndNotTheCheckerboard) {
  const Array flat({1, 1, 4, 6}, 2);
  EXPECT_LT(max_difference(scale_frequencies(flat, {.inside = 0.5F}), flat * 0.5F), 1e-6F);
  Array board({1, 1, 4, 6});
  for (std::size_t i = 0; i < board.size(); ++i) board[i] = (i / 6 + i % 6) % 2 == 0 ? 1.0F : -1.0F;
  EXPECT_LT(max_difference(scale_frequencies(board, {.inside = 0, .outside = 3}), board * 3),
            1e-5F);
  const Array any = random_array(1, {2, 3, 5, 7});
  EXPECT_LT(max_difference(scale_frequencies(any, {.rows = 9, .cols = 9, .inside = 2}), any * 2),
            1e-5F);
}

TEST(LatentOperation, TonemapShortensLongVectorsMostAndZeroGivesZero) {
  Array latent({1, 2, 1, 2}, {3, 30, 4, 40});  // vectors (3,4) and (30,40)
  const Array mapped = tonemap_reinhard({})(latent);
  EXPECT_GT(mapped[0] / latent[0], mapped[1] / latent[1]);
  EXPECT_FLOAT_EQ(mapped[0] / mapped[2], 0.75F);  // directions stay
  EXPECT_EQ(max_difference(tonemap_reinhard({.multiplier = 0})(latent), Array(latent.shape())), 0);
}

TEST(LatentOperation, SharpenIsNothingAtAlphaZeroAndRefusesLatentsSmallerThanItsRadius) {
  const Array latent = random_array(3, {1, 4, 8, 6});
  EXPECT_LT(max_difference(sharpen({.sharpen_radius = 5, .alpha = 0})(latent), latent), 1e-5F);
  EXPECT_GT(max_difference(sharpen({.sharpen_radius = 5})(latent), latent), 1e-2F);
  EXPECT_THROW(sharpen({.sharpen_radius = 6})(latent), Error);
}

}  // namespace
}  // namespace sagitta
