#include "sagitta/insight/watch.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/diffusion/sample.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

double sum(const Array& x) { return std::accumulate(x.values().begin(), x.values().end(), 0.0); }

class WatchTest : public testing::Test {
 protected:
  struct Result {
    Array samples;
    std::shared_ptr<const InsightRecord> record;
  };

  // Two steps on a latent of 9x7 cells.
  static Result run(const Model& model, const Conditioning& positive, SampleParams params = {},
                    const Shape& shape = {1, 4, 9, 7}) {
    RunScratch scratch;
    params.steps = 2;
    params.scratch = &scratch;
    Array samples = sample(model, positive, toy_prompt(2), {.samples = Array(shape)}, params);
    return {std::move(samples), insight_of(model, scratch)};
  }

  // Seven tokens: begin, three words, end and padding.
  static Conditioning cat_prompt() {
    Conditioning prompt = toy_prompt(1);
    prompt[0].tokens =
        std::make_shared<const TokenTexts>(TokenTexts{"", "a", "black", "cat", "", "", ""});
    return prompt;
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model plain_ = test::toy_model(*device_);
};

TEST_F(WatchTest, ChangesNoBitOfARun) {
  const Model guided = with_sag(plain_, {});
  EXPECT_EQ(max_difference(run(guided, cat_prompt()).samples,
                           run(with_insight(guided, {}), cat_prompt()).samples),
            0);
}

TEST_F(WatchTest, RecordsOneStepPerPrediction) {
  const auto record = run(with_insight(plain_, {}), cat_prompt()).record;
  ASSERT_EQ(record->steps.size(), 2U);
  EXPECT_EQ(record->steps[1].prediction, 2);
  EXPECT_GT(record->steps[0].sigma, record->steps[1].sigma);
  EXPECT_EQ(record->height, 9);
  EXPECT_EQ(record->width, 7);
  // heun asks twice in its first step and once in its last.
  EXPECT_EQ(run(with_insight(plain_, {}), cat_prompt(), {.sampler = "heun"}).record->steps.size(),
            3U);
}

TEST_F(WatchTest, ReceivedAttentionHasMeanOne) {
  // The middle block of a latent of 8x8 cells has 4x4 tokens, so all have as many cells.
  const auto record = run(with_insight(plain_, {}), cat_prompt(), {}, {1, 4, 8, 8}).record;
  for (const InsightStep& step : record->steps) {
    EXPECT_EQ(step.received.shape(), (Shape{8, 8}));
    EXPECT_NEAR(sum(step.received) / 64, 1, 1e-5);
    EXPECT_EQ(layers_of(step), std::vector{kInsightSite});
    EXPECT_EQ(step.role, Role::uncond);
  }
}

TEST_F(WatchTest, AQueryGivesAwayItsWholeAttention) {
  const auto record =
      run(with_insight(plain_, {.query_x = 1, .query_y = 0.5F}), cat_prompt()).record;
  for (const InsightStep& step : record->steps) {
    ASSERT_TRUE(step.query);
    EXPECT_EQ(step.query->values.shape(), (Shape{5, 4}));
    EXPECT_NEAR(sum(step.query->values), 1, 1e-5);
  }
}

// The mean over all queries is what the kernel says each token receives.
TEST_F(WatchTest, QueriesAddUpToTheReceivedAttention) {
  Array total({4, 4});
  InsightStep step;
  for (int row = 0; row < 4; ++row) {
    for (int col = 0; col < 4; ++col) {
      const InsightParams params{.query_x = (static_cast<float>(col) + 0.5F) / 4,
                                 .query_y = (static_cast<float>(row) + 0.5F) / 4};
      step = run(with_insight(plain_, params), cat_prompt(), {}, {1, 4, 8, 8}).record->steps[0];
      total += step.query->values;
    }
  }
  for (std::size_t i = 0; i < total.size(); ++i) {
    EXPECT_NEAR(total[i], step.received[i / 4 * 2 * 8 + i % 4 * 2], 1e-4F);
  }
}

TEST_F(WatchTest, TheMapsOfATextSumToOneInEveryCell) {
  const auto record = run(with_insight(plain_, {}), cat_prompt()).record;
  for (const InsightStep& step : record->steps) {
    ASSERT_EQ(step.texts.size(), 1U);
    const TextMaps& text = step.texts[0];
    EXPECT_EQ(text.labels, (std::vector<std::string>{"a", "black", "cat"}));
    ASSERT_EQ(text.maps.shape(), (Shape{4, 9, 7}));
    for (std::size_t cell = 0; cell < 63; ++cell) {
      EXPECT_NEAR(
          text.maps[cell] + text.maps[63 + cell] + text.maps[126 + cell] + text.maps[189 + cell], 1,
          1e-5F);
    }
  }
}

TEST_F(WatchTest, ChoosesTheLayersWhoseLookAtTheTextIsShown) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(run(with_insight(plain_, {}), cat_prompt()).record->text_layers,
            (Names{"input 1.0", "middle 0.0", "output 2.0", "output 3.0"}));
  EXPECT_EQ(run(with_insight(plain_, {.text_level = 0}), cat_prompt()).record->text_layers,
            (Names{"input 1.0", "output 2.0", "output 3.0"}));
  EXPECT_THROW(static_cast<void>(with_insight(plain_, {.text_level = 1})), Error);
}

TEST_F(WatchTest, ATextOfUnknownTokensIsNumbered) {
  const TextMaps text = run(with_insight(plain_, {}), toy_prompt(1)).record->steps[0].texts.at(0);
  EXPECT_EQ(text.labels, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6"}));
}

// Contexts of unequal length are repeated to a common one.
TEST_F(WatchTest, ARepeatedContextIsCountedOnce) {
  const Model model = with_insight(plain_, {});
  const auto maps = [&](std::int64_t negative_tokens) {
    RunScratch scratch;
    static_cast<void>(sample(model, cat_prompt(), toy_prompt(2, negative_tokens),
                             {.samples = Array({1, 4, 8, 8})}, {.steps = 1, .scratch = &scratch}));
    return insight_of(model, scratch)->steps[0].texts.at(0).maps;
  };
  EXPECT_LT(max_difference(maps(7), maps(14)), 1e-5F);
}

TEST_F(WatchTest, ShowsWhatSagDidInEitherOrder) {
  const SagParams sag{.scale = 0.5F};
  for (const Model& model :
       {with_insight(with_sag(plain_, sag), {}), with_sag(with_insight(plain_, {}), sag)}) {
    const auto record = run(model, cat_prompt()).record;
    for (const InsightStep& step : record->steps) {
      ASSERT_TRUE(step.sag);
      const Array map = step.received.reshaped({1, 9, 7});
      EXPECT_EQ(max_difference(step.sag->mask.reshaped({1, 9, 7}), sag::mask(map)), 0);
      EXPECT_NEAR(step.sag->coverage, sum(step.sag->mask) / 63, 1e-6);
      EXPECT_GT(step.sag->coverage, 0);
      EXPECT_GT(step.sag->push_norm, 0);
      EXPECT_GT(step.cfg_norm, 0);
      EXPECT_GT(sum(step.sag->effect), 0);
    }
  }
}

TEST_F(WatchTest, ShowsTheSideAndTheLayersThatSagLooksAt) {
  const Model model =
      with_insight(with_advanced_sag(plain_, {.layers = "d0, m0", .degrade = "cond"}), {});
  const Result degraded = run(model, cat_prompt(), {.cfg = 1});
  const Result plain = run(with_insight(plain_, {}), cat_prompt(), {.cfg = 1});
  const InsightStep& step = degraded.record->steps[0];
  EXPECT_EQ(step.role, Role::cond);
  ASSERT_EQ(layers_of(step).size(), 2U);
  EXPECT_EQ(name_of(layers_of(step)[0]), "input 1.0");
  EXPECT_EQ(step.grid, Grid{});  // the layers have different ones
  ASSERT_TRUE(step.query);
  EXPECT_EQ(max_difference(step.query->values, plain.record->steps[0].query->values), 0);
  // At CFG scale 1 without a push the result is the positive prediction, which is degraded here.
  EXPECT_EQ(max_difference(step.sag->x0, plain.record->steps[0].denoised), 0);
}

// What goes out of the last step is the last guided prediction, and SAG's push is part of it.
TEST_F(WatchTest, TheLastPredictionIsTheResult) {
  for (const Model& model :
       {with_insight(with_sag(plain_, {}), {}), with_sag(with_insight(plain_, {}), {})}) {
    const Result result = run(model, cat_prompt());
    EXPECT_LT(
        max_difference(result.record->steps.back().denoised / plain_.latent_scale, result.samples),
        1e-4F);
  }
}

// A guider of three conditionings leaves hooks out; its run is seen all the same.
TEST_F(WatchTest, SeesTheRunsOfEveryGuider) {
  const Model model = with_insight(with_sag(plain_, {}), {});
  for (const DualStyle style : {DualStyle::regular, DualStyle::nested}) {
    const Guider guider = dual_cfg_guider(model, cat_prompt(), toy_prompt(3), toy_prompt(2),
                                          {.first = 3, .second = 2, .style = style});
    RunScratch scratch;
    static_cast<void>(sample_custom(guider, {.samples = Array({1, 4, 9, 7})},
                                    {.sampler = find_sampler("euler"),
                                     .sigmas = {5, 2, 0},
                                     .noise = random_array(4, {1, 4, 9, 7}),
                                     .scratch = &scratch}));
    const auto record = insight_of(model, scratch);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->height, 9);
    EXPECT_EQ(record->width, 7);
    ASSERT_EQ(record->steps.size(), 2U);
    for (const InsightStep& step : record->steps) {
      EXPECT_EQ(step.denoised.shape(), (Shape{1, 4, 9, 7}));
      EXPECT_TRUE(step.sag);
      EXPECT_TRUE(step.query);
    }
  }
}

TEST_F(WatchTest, AtScaleOneThePositiveIsShown) {
  const auto record = run(with_insight(plain_, {}), cat_prompt(), {.cfg = 1}).record;
  EXPECT_EQ(record->steps[0].role, Role::cond);
  EXPECT_EQ(record->steps[0].cfg_norm, 0);
  EXPECT_FALSE(record->steps[0].received.empty());
}

TEST_F(WatchTest, WatchesOneItemOfABatch) {
  const Shape batch{2, 4, 8, 8};
  const Result result = run(with_insight(plain_, {.item = 1}), cat_prompt(), {}, batch);
  EXPECT_LT(max_difference(result.record->steps.back().denoised / plain_.latent_scale,
                           result.samples.slice(1, 1)),
            1e-4F);
  EXPECT_THROW(run(with_insight(plain_, {.item = 2}), cat_prompt(), {}, batch), Error);
}

TEST_F(WatchTest, ChunkedCallsShowTheSame) {
  const Model model = with_insight(with_sag(plain_, {}), {});
  const InsightStep one = run(model, cat_prompt()).record->steps[0];
  const InsightStep two = run(model, cat_prompt(), {.max_entries = 1}).record->steps[0];
  EXPECT_EQ(max_difference(one.received, two.received), 0);
  EXPECT_EQ(max_difference(one.query->values, two.query->values), 0);
  EXPECT_EQ(max_difference(one.texts[0].maps, two.texts[0].maps), 0);
}

TEST_F(WatchTest, RunsAtTheSameTimeDoNotMix) {
  const Model model = with_insight(with_sag(plain_, {}), {});
  const auto expected = [&](std::uint64_t seed) {
    return run(model, cat_prompt(), {.seed = seed}).record->steps;
  };
  const std::vector<InsightStep> first = expected(1);
  const std::vector<InsightStep> second = expected(2);
  EXPECT_GT(max_difference(first[1].denoised, second[1].denoised), 1e-3F);
  std::vector<InsightStep> concurrent;
  std::thread thread([&] { concurrent = run(model, cat_prompt(), {.seed = 2}).record->steps; });
  const std::vector<InsightStep> here = expected(1);
  thread.join();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(max_difference(here[i].denoised, first[i].denoised), 0);
    EXPECT_EQ(max_difference(here[i].received, first[i].received), 0);
    EXPECT_EQ(max_difference(concurrent[i].denoised, second[i].denoised), 0);
    EXPECT_EQ(max_difference(concurrent[i].received, second[i].received), 0);
  }
}

// A model that nobody watches records nothing; the watched one asks the device for attention values
// but for no further network op.
TEST_F(WatchTest, CostsNothingUnlessAsked) {
  const auto ops = [&](const Model& model) {
    device_->profile().start();
    const Result result = run(model, cat_prompt());
    device_->profile().stop();
    EXPECT_EQ(result.record != nullptr, model.insight != nullptr);
    return device_->profile();
  };
  const Profile plain = ops(plain_);
  const Profile again = ops(plain_);
  const Profile watched = ops(with_insight(plain_, {}));
  EXPECT_EQ(plain.sum().calls, again.sum().calls);
  for (const OpKind kind : {OpKind::conv3x3, OpKind::linear, OpKind::attention, OpKind::norm}) {
    EXPECT_EQ(plain.of(kind).calls, watched.of(kind).calls) << name_of(kind);
  }
  EXPECT_GT(watched.of(OpKind::transfer).calls, plain.of(OpKind::transfer).calls);
}

TEST_F(WatchTest, RefusesAModelWithoutMiddleAttention) {
  models::UnetSpec spec = test::toy_spec();
  spec.middle_depth = 0;
  EXPECT_THROW(static_cast<void>(with_insight(test::toy_model(*device_, spec), {})), Error);
}

}  // namespace
}  // namespace sagitta
