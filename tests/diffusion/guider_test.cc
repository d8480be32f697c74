#include "sagitta/diffusion/guider.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

class GuiderTest : public testing::Test {
 protected:
  // One prediction at sigma 3.
  Array denoise(const Guider& guider, const Shape& shape = {1, 4, 9, 7}) {
    const Array x = random_array(5, shape);
    const auto conditioning = prepare_conditioning(guider.positive, guider.negative, guider.model,
                                                   shape[2], shape[3], guider.further);
    RunScratch scratch;
    Denoiser denoiser(guider.model, conditioning, scratch, {.cfg = guider.cfg});
    Array result = (guider.rule ? guider.rule(denoiser, x, kSigma) : denoiser(x, kSigma)).denoised;
    calls_ = denoiser.calls();
    return result;
  }
  Array cfg(float scale) { return denoise(cfg_guider(model_, first_, negative_, scale)); }
  Array dual(float first, float second, DualStyle style = DualStyle::regular) {
    return denoise(dual_cfg_guider(model_, first_, second_, negative_,
                                   {.first = first, .second = second, .style = style}));
  }

  static constexpr float kSigma = 3;
  std::unique_ptr<Device> device_ = open_device("reference");
  Model model_ = test::toy_model(*device_);
  Conditioning first_ = toy_prompt(1);
  Conditioning second_ = toy_prompt(2);
  Conditioning negative_ = toy_prompt(3);
  int calls_ = 0;
};

TEST_F(GuiderTest, BasicIsThePositiveAlone) {
  EXPECT_EQ(max_difference(denoise(basic_guider(model_, first_)), cfg(1)), 0);
}

TEST_F(GuiderTest, DualIsTheStatedFormula) {
  const Array first = denoise(basic_guider(model_, first_));
  const Array second = denoise(basic_guider(model_, second_));
  const Array negative = denoise(basic_guider(model_, negative_));
  const Array regular = negative + (second - negative) * 3 + (first - second) * 5;
  EXPECT_LT(max_difference(dual(5, 3), regular), 1e-4F);
  const Array inner = second + (first - second) * 5;
  const Array nested = negative + (inner - negative) * 3;
  EXPECT_LT(max_difference(dual(5, 3, DualStyle::nested), nested), 1e-4F);
}

TEST_F(GuiderTest, DualWithEqualPositivesIsClassifierFreeGuidance) {
  second_ = first_;
  EXPECT_LT(max_difference(dual(5, 3), cfg(3)), 1e-5F);
  EXPECT_LT(max_difference(dual(5, 3, DualStyle::nested), cfg(3)), 1e-5F);
}

TEST_F(GuiderTest, ScalesOfOneLeaveConditioningsOut) {
  EXPECT_EQ(max_difference(dual(1, 1), denoise(basic_guider(model_, first_))), 0);
  negative_[0].context = nullptr;  // would fail if it were evaluated
  EXPECT_LT(max_difference(dual(4, 1), denoise(cfg_guider(model_, first_, second_, 4))), 1e-5F);
}

TEST_F(GuiderTest, SagPushesUnderEveryGuiderWithANegative) {
  const Array plain = dual(5, 3);
  const Array nested = dual(5, 3, DualStyle::nested);
  model_ = with_sag(model_, {});
  EXPECT_GT(max_difference(dual(5, 3), plain), 1e-4F);
  EXPECT_EQ(calls_, 2);
  EXPECT_GT(max_difference(dual(5, 3, DualStyle::nested), nested), 1e-4F);
  EXPECT_EQ(calls_, 2);
}

// Silence would look as if it worked.
TEST_F(GuiderTest, SagWithoutANegativeIsRefused) {
  EXPECT_THROW(denoise(basic_guider(with_sag(model_, {}), first_)), Error);
}

TEST_F(GuiderTest, AnOverrideHoldsInItsRangeOnly) {
  const Array eight = cfg(8);
  const Array two = cfg(2);
  model_.cfg_overrides = {{.cfg = 2, .sigma_start = 5, .sigma_end = 3}};
  EXPECT_EQ(max_difference(cfg(8), two), 0);
  model_.cfg_overrides = {{.cfg = 2, .sigma_start = 2.9, .sigma_end = 0}};
  EXPECT_EQ(max_difference(cfg(8), eight), 0);
}

TEST_F(GuiderTest, TheLastOverrideCounts) {
  const Array two = cfg(2);
  model_.cfg_overrides = {{.cfg = 4, .sigma_start = 5, .sigma_end = 0},
                          {.cfg = 2, .sigma_start = 4, .sigma_end = 2},
                          {.cfg = 3, .sigma_start = 1, .sigma_end = 0}};
  EXPECT_EQ(max_difference(cfg(8), two), 0);
}

TEST_F(GuiderTest, TwoModelsThatAreOneAreClassifierFreeGuidance) {
  const Array one_model = cfg(5);
  const Array two_models = denoise(dual_model_guider(model_, model_, first_, negative_, 5));
  EXPECT_EQ(calls_, 2);
  EXPECT_LT(max_difference(two_models, one_model), 1e-5F);
}

TEST_F(GuiderTest, TheNegativeIsPredictedByItsOwnModel) {
  Model other = model_;
  other.sampling = discrete_sampling(PredictionType::v_prediction);
  const Array positive = denoise(basic_guider(model_, first_));
  const Array negative = denoise(basic_guider(other, negative_));
  EXPECT_LT(max_difference(denoise(dual_model_guider(model_, other, first_, negative_, 3)),
                           negative + (positive - negative) * 3),
            1e-5F);
}

TEST_F(GuiderTest, AScaleOfOneLeavesTheSecondModelOut) {
  const Array alone = denoise(dual_model_guider(model_, model_, first_, {}, 1));
  EXPECT_EQ(max_difference(alone, denoise(basic_guider(model_, first_))), 0);
  EXPECT_EQ(calls_, 1);
}

TEST_F(GuiderTest, MaskedConditioningsCannotFollowALatentThatGrows) {
  first_[0].mask = std::make_shared<const Array>(Shape{1, 9, 7}, 0.5F);
  const auto conditioning = prepare_conditioning(first_, negative_, model_, 9, 7);
  RunScratch scratch;
  Denoiser denoiser(model_, conditioning, scratch, {});
  EXPECT_NO_THROW(static_cast<void>(denoiser(random_array(5, {1, 4, 9, 7}), kSigma)));
  EXPECT_THROW(static_cast<void>(denoiser(random_array(5, {1, 4, 18, 14}), kSigma)), Error);
}

// Every list gets a counterpart of an area in another, so that its cells are guided.
TEST_F(GuiderTest, AnAreaOfOneListHoldsInAllThree) {
  first_.push_back(first_[0]);
  first_[1].area = AreaSpec{.height = 4, .width = 4, .y = 1, .x = 1};
  const auto prepared = prepare_conditioning(first_, negative_, model_, 9, 7, second_);
  EXPECT_EQ(prepared.negative.size(), 2U);
  EXPECT_EQ(prepared.further.size(), 2U);
  EXPECT_EQ(prepared.further[1].context, second_[0].context);
}

}  // namespace
}  // namespace sagitta
