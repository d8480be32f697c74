#include "sagitta/diffusion/guidance/sag_options.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "sagitta/diffusion/guidance/scale_schedule.h"
#include "support/toy_model.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

class SagOptionsTest : public testing::Test {
 protected:
  Array denoise(const Model& model, float cfg = 7) {
    const auto conditioning = prepare_conditioning(toy_prompt(1), toy_prompt(2), model, 9, 12);
    RunScratch scratch;
    Denoiser denoiser(model, conditioning, scratch, {.cfg = cfg});
    Array result = denoiser(random_array(5, {1, 4, 9, 12}), sigma_).denoised;
    calls_ = denoiser.calls();
    return result;
  }
  Array with(const SagOptions& options) { return denoise(with_advanced_sag(plain_, options)); }
  // What the guidance adds.
  Array push(const SagOptions& options) { return with(options) - denoise(plain_); }

  float sigma_ = 3;
  std::unique_ptr<Device> device_ = open_device("reference");
  Model plain_ = test::toy_model(*device_);
  int calls_ = 0;
};

TEST_F(SagOptionsTest, DefaultsAreThePlainMethodToTheBit) {
  EXPECT_EQ(max_difference(denoise(with_sag(plain_, SagParams{})), with({})), 0);
}

TEST_F(SagOptionsTest, ThresholdZeroBlursEverywhereAndFourNowhere) {
  const Array everywhere = push({.threshold = 0});
  EXPECT_GT(max_difference(everywhere, push({})), 1e-4F);
  EXPECT_LT(max_difference(push({.threshold = 4}), Array(everywhere.shape())), 1e-4F);
}

TEST_F(SagOptionsTest, OutsideItsIntervalItCostsNothing) {
  const Array plain = denoise(plain_);
  const double percent = plain_.sampling.percent_of(sigma_);
  EXPECT_EQ(max_difference(with({.start_percent = percent + 0.01}), plain), 0);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(max_difference(with({.end_percent = percent - 0.01}), plain), 0);
  EXPECT_GT(
      max_difference(with({.start_percent = percent - 0.01, .end_percent = percent + 0.01}), plain),
      0);
  EXPECT_EQ(calls_, 2);
}

TEST_F(SagOptionsTest, SeveralLayersAverageTheirMaps) {
  const Array middle = push({.layers = "m0"});
  const Array down = push({.layers = "d0"});
  const Array both = push({.layers = "d0, m0"});
  EXPECT_GT(max_difference(middle, down), 1e-4F);
  EXPECT_GT(max_difference(both, down), 1e-4F);
  EXPECT_EQ(max_difference(push({.layers = "m0 m0.0"}), middle), 0);  // named twice, counted once
}

TEST_F(SagOptionsTest, NamesTheLayersOfTheModelWhenItRefusesOne) {
  for (const char* layers : {"d7", "m0.1", "x", ""}) {
    try {
      static_cast<void>(with({.layers = layers}));
      ADD_FAILURE() << "took '" << layers << "'";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::bad_input);
    }
  }
  try {
    static_cast<void>(with({.layers = "d7"}));
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("d0, m0, u0, u1"));
  }
}

TEST_F(SagOptionsTest, DegradingThePositiveNeedsNoNegativeAtCfgOne) {
  const Model model = with_advanced_sag(plain_, {.degrade = "cond"});
  EXPECT_FALSE(model.needs_uncond);
  const Array plain = denoise(plain_, 1);
  EXPECT_GT(max_difference(denoise(model, 1), plain), 1e-4F);
  EXPECT_EQ(calls_, 2);  // the positive and its degraded twin, one row each
}

// With one prompt for both sides it does not matter whose prediction is degraded.
TEST_F(SagOptionsTest, BothSidesAgreeForEqualPrompts) {
  const auto run = [&](const std::string& degrade) {
    const Model model = with_advanced_sag(plain_, {.degrade = degrade});
    const auto conditioning = prepare_conditioning(toy_prompt(1), toy_prompt(1), model, 9, 12);
    RunScratch scratch;
    return Denoiser(model, conditioning, scratch, {})(random_array(5, {1, 4, 9, 12}), sigma_)
        .denoised;
  };
  EXPECT_EQ(max_difference(run("cond"), run("uncond")), 0);
}

TEST_F(SagOptionsTest, SpacesAgreeForEpsAndDifferForV) {
  EXPECT_LT(max_difference(push({.space = "output"}), push({})), 1e-5F);
  plain_.sampling = discrete_sampling(PredictionType::v_prediction);
  const Array x0 = push({});
  const Array output = push({.space = "output"});
  EXPECT_GT(max_difference(x0, output), 1e-4F);
}

// v = (x - x0 (1 + s^2)) / (s sqrt(1 + s^2)) up to its sign, so that the outputs of the two passes
// differ by more than their predictions: by s^2 / (s^2 + 1) of what the blur took away.
TEST_F(SagOptionsTest, OutputSpaceAddsWhatTheBlurTookAwayForV) {
  plain_.sampling = discrete_sampling(PredictionType::v_prediction);
  Array blurred_away;
  const auto push_in = [&](const std::string& space) {
    Model model = with_advanced_sag(plain_, {.scale = 0.7F, .space = space});
    Array push;
    model.sag_observers.emplace_back([&](const SagTrace& trace) {
      blurred_away = trace.x0 - trace.degraded;
      push = trace.push;
    });
    static_cast<void>(denoise(model));
    return push;
  };
  const Array in_x0 = push_in("x0");
  const Array expected = in_x0 + blurred_away * (0.7F * sigma_ * sigma_ / (sigma_ * sigma_ + 1));
  EXPECT_LT(max_difference(push_in("output"), expected), 1e-5F);
  EXPECT_GT(max_difference(in_x0, expected), 1e-2F);
}

// The method of the paper, in its own terms: e + s (e(x) - e(x')), where x' is the blurred
// prediction under the same noise, and no classifier-free guidance.
TEST_F(SagOptionsTest, ThePapersMethodIsReachable) {
  Model model = with_advanced_sag(
      plain_, {.scale = 0.5F, .blur_sigma = 3, .degrade = "cond", .kernel_size = 17});
  Array noise_of_degraded;
  model.sag_observers.emplace_back([&](const SagTrace& trace) {
    const Array x = random_array(5, {1, 4, 9, 12});
    const Array noised = trace.degraded + (x - trace.x0);
    noise_of_degraded = (noised - trace.prediction) / sigma_;
  });
  const Array x = random_array(5, {1, 4, 9, 12});
  const auto noise_in = [&](const Array& denoised) { return (x - denoised) / sigma_; };
  const Array guided = noise_in(denoise(model, 1));
  EXPECT_EQ(calls_, 2);
  const Array plain = noise_in(denoise(plain_, 1));
  EXPECT_LT(max_difference(guided, plain + (plain - noise_of_degraded) * 0.5F), 1e-5F);
  EXPECT_GT(max_difference(guided, plain), 1e-4F);
}

TEST_F(SagOptionsTest, ScaleFollowsItsSchedule) {
  const Array whole = push({});
  EXPECT_LT(max_difference(push({.scale_schedule = "0:0.5"}), whole * 0.5F), 1e-5F);
  EXPECT_EQ(max_difference(push({.scale_schedule = "0:0"}), Array(whole.shape())), 0);
}

// Evaluations of one run at falling sigmas.
TEST_F(SagOptionsTest, EconomyKeepsThePushInUnitsOfTheNoise) {
  const Array x = random_array(5, {1, 4, 9, 12});
  const auto conditioning = prepare_conditioning(toy_prompt(1), toy_prompt(2), plain_, 9, 12);
  const auto pushes = [&](const std::string& economy) {
    const Model model = with_advanced_sag(plain_, {.economy = economy});
    RunScratch scratch;
    RunScratch plain_scratch;
    Denoiser guided(model, conditioning, scratch, {});
    Denoiser plain(plain_, conditioning, plain_scratch, {});
    std::vector<Array> all;
    for (const float sigma : {4.0F, 2.0F, 1.0F, 0.5F, 0.25F}) {
      all.push_back(guided(x, sigma).denoised - plain(x, sigma).denoised);
    }
    calls_ = guided.calls();
    return all;
  };
  const std::vector<Array> exact = pushes("exact");
  EXPECT_EQ(calls_, 10);
  const std::vector<Array> balanced = pushes("balanced");
  EXPECT_EQ(calls_, 8);  // passes at the first, third and fifth
  const std::vector<Array> fast = pushes("fast");
  EXPECT_EQ(calls_, 7);  // at the first and fifth
  for (const std::size_t fresh : {0U, 2U, 4U})
    EXPECT_EQ(max_difference(exact[fresh], balanced[fresh]), 0);
  EXPECT_LT(max_difference(balanced[0] * 0.5F, balanced[1]), 1e-5F);
  EXPECT_LT(max_difference(fast[0] * 0.125F, fast[3]), 1e-5F);
  EXPECT_EQ(max_difference(exact[4], fast[4]), 0);
  EXPECT_GT(max_difference(exact[1], balanced[1]), 1e-5F);
}

TEST_F(SagOptionsTest, RefusesAnIntervalThatEndsBeforeItStarts) {
  EXPECT_THROW(static_cast<void>(with({.start_percent = 0.6, .end_percent = 0.5})), Error);
  EXPECT_NO_THROW(static_cast<void>(with({.start_percent = 0.5, .end_percent = 0.5})));
}

TEST_F(SagOptionsTest, RefusesAnEvenKernel) {
  EXPECT_THROW(static_cast<void>(with({.kernel_size = 8})), Error);
}

TEST_F(SagOptionsTest, AutomaticKernelHoldsThreeSigmas) {
  EXPECT_EQ(max_difference(push({.blur_sigma = 1, .kernel_size = 7}),
                           push({.blur_sigma = 1, .kernel_size = 0})),
            0);
  EXPECT_GT(max_difference(push({.blur_sigma = 1, .kernel_size = 3}),
                           push({.blur_sigma = 1, .kernel_size = 0})),
            0);
}

TEST(SagSoftMask, IsHalfAtTheThresholdAndReachesBothEnds) {
  const Array mask = sag::soft_mask(Array({1, 4}, {0.4F, 1.0F, 1.6F, 1.2F}));
  EXPECT_EQ(mask[0], 0);
  EXPECT_FLOAT_EQ(mask[1], 0.5F);
  EXPECT_EQ(mask[2], 1);
  EXPECT_GT(mask[3], 0.5F);
}

TEST(ScaleSchedule, IsPiecewiseLinear) {
  const ScaleSchedule schedule("0.2:0, 0.6:2 ,1:1");
  EXPECT_EQ(schedule.at(0), 0);
  EXPECT_FLOAT_EQ(schedule.at(0.4), 1);
  EXPECT_FLOAT_EQ(schedule.at(0.8), 1.5F);
  EXPECT_EQ(schedule.at(1), 1);
  EXPECT_EQ(ScaleSchedule("").at(0.5), 1);
}

TEST(ScaleSchedule, RefusesWhatItCannotRead) {
  for (const char* text :
       {"1", "a:1", "0:x", "2:1", "0.5:1,0.5:2", "0.5:1, 0.2:1", "0:nan", ":", ","}) {
    EXPECT_THROW(ScaleSchedule{text}, Error) << text;
  }
}

}  // namespace
}  // namespace sagitta
