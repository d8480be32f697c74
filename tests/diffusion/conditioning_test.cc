#include "sagitta/diffusion/conditioning.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "support/guided.h"

#include <gtest/gtest.h>

namespace sagitta {
namespace {

using test::toy_prompt;

class ElsewhereTest : public test::GuidedTest {
 protected:
  // At CFG scale 1, so that the result is the positive prediction.
  Array predict(Conditioning positive) {
    positive_ = std::move(positive);
    return denoise(plain_, 1);
  }
  static Conditioning both(Conditioning first, const Conditioning& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
  static Conditioning elsewhere(Conditioning conditioning) {
    for (ConditioningEntry& entry : conditioning) entry.elsewhere = true;
    return conditioning;
  }
};

TEST_F(ElsewhereTest, DoesNothingWhereTheOthersAreEverywhere) {
  const Array alone = predict(toy_prompt(1));
  EXPECT_EQ(test::max_difference(predict(both(toy_prompt(1), elsewhere(toy_prompt(2)))), alone), 0);
  EXPECT_EQ(calls_, 1);
}

TEST_F(ElsewhereTest, AloneItIsTheUsualConditioning) {
  const Array usual = predict(toy_prompt(2));
  EXPECT_EQ(test::max_difference(predict(elsewhere(toy_prompt(2))), usual), 0);
}

TEST_F(ElsewhereTest, FillsWhatAMaskLeavesOut) {
  Array mask({1, 8, 6});
  for (std::size_t i = 0; i < 24; ++i) mask[i] = 1;  // the upper four rows
  Conditioning upper = toy_prompt(1);
  upper[0].mask = std::make_shared<const Array>(mask);
  const Array got = predict(both(upper, elsewhere(toy_prompt(2))));
  const Array one = predict(toy_prompt(1));
  const Array two = predict(toy_prompt(2));
  float most = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    most = std::max(most, std::abs(got[i] - (i % 48 < 24 ? one : two)[i]));
  }
  EXPECT_LT(most, 1e-5F);
  EXPECT_GT(test::max_difference(one, two), 1e-3F);
}

class ConditioningTest : public testing::Test {
 protected:
  std::unique_ptr<Device> device_ = open_device("reference");
  Model model_ = test::toy_model(*device_);
};

TEST_F(ConditioningTest, FractionsRoundHalfToEven) {
  Conditioning positive = toy_prompt(1);
  positive[0].area = {.height = 0.5, .width = 0.01, .y = 0.25, .x = 0.5, .percentage = true};
  const auto prepared = prepare_conditioning(positive, {}, model_, 9, 10);
  // 4.5 rounds to 4, 0.1 is at least 1, 2.25 rounds to 2.
  EXPECT_EQ(prepared.positive[0].area, (Area{.y = 2, .x = 5, .height = 4, .width = 1}));
}

TEST_F(ConditioningTest, AnAreaGetsACounterpartWithTheOtherContext) {
  Conditioning positive = toy_prompt(1);
  positive.push_back(toy_prompt(2)[0]);
  positive[1].area = {.height = 4, .width = 8, .y = 0, .x = 0};
  positive[1].strength = 0.7F;
  const Conditioning negative = toy_prompt(3);
  const auto prepared = prepare_conditioning(positive, negative, model_, 8, 8);
  ASSERT_EQ(prepared.negative.size(), 2U);
  EXPECT_EQ(prepared.negative[1].context, negative[0].context);
  EXPECT_EQ(prepared.negative[1].area, (Area{.y = 0, .x = 0, .height = 4, .width = 8}));
  EXPECT_EQ(prepared.negative[1].strength, 0.7F);
  EXPECT_EQ(prepared.positive.size(), 2U);
}

TEST(Coverage, FeathersInnerEdgesOnly) {
  PreparedEntry entry{.context = {}, .vector = {}, .area = {}, .mask = {}};
  entry.area = {.y = 0, .x = 0, .height = 8, .width = 16};
  const Coverage coverage = coverage_of(entry, 1, 16, 16);
  // Two rows (8 / 4) at the lower edge: 2/2, then 1/2. The outer edges stay whole.
  EXPECT_EQ(coverage.weight[0], 1);
  EXPECT_EQ(coverage.weight[7 * 16], 0.5F);
  EXPECT_EQ(coverage.weight[6 * 16], 1);
}

TEST(Coverage, MasksMultiplyByStrengthAndRepeatOverTheBatch) {
  PreparedEntry entry{.context = {}, .vector = {}, .area = {}, .mask = {}};
  entry.mask = std::make_shared<const Array>(Array({1, 1, 2}, {1, 0.5F}));
  entry.mask_strength = 0.5F;
  entry.strength = 4;
  const Coverage coverage = coverage_of(entry, 2, 1, 2);
  EXPECT_EQ(coverage.weight[0], 2);
  EXPECT_EQ(coverage.weight[1], 1);
  EXPECT_EQ(coverage.weight[3], 1);
}

TEST(Coverage, ElsewhereIsWhatTheOthersLeave) {
  PreparedEntry half;
  half.area = Area{.y = 0, .x = 0, .height = 2, .width = 2};
  half.strength = 0.25F;
  half.mask = std::make_shared<const Array>(Shape{1, 2, 3}, 1.0F);  // so that nothing is feathered
  PreparedEntry strong = half;
  strong.area = Area{.y = 0, .x = 0, .height = 1, .width = 1};
  strong.strength = 3;
  const Coverage others[] = {coverage_of(half, 1, 2, 3), coverage_of(strong, 1, 2, 3)};
  const Coverage* const pointers[] = {&others[0], &others[1]};
  PreparedEntry entry;
  entry.strength = 5;
  const Coverage left = coverage_elsewhere(entry, pointers, 1, 2, 3);
  // 1 - 0.25 - 3 is nothing, 1 - 0.25 beside it, and all of the last column.
  EXPECT_EQ(left.weight.shape(), (Shape{1, 2, 3}));
  const std::vector<float> wanted{0, 0.75F, 1, 0.75F, 0.75F, 1};
  EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), left.weight.values().begin()));
  entry.area = Area{.y = 1, .x = 1, .height = 1, .width = 2};
  const Coverage part = coverage_elsewhere(entry, pointers, 1, 2, 3);
  EXPECT_EQ(part.weight.shape(), (Shape{1, 1, 2}));
  EXPECT_EQ(part.weight[0], 0.75F);
  EXPECT_EQ(part.weight[1], 1);
}

TEST(Coverage, RefusesAnAreaOutsideTheLatent) {
  PreparedEntry entry{.context = {}, .vector = {}, .area = {}, .mask = {}};
  entry.area = {.y = 0, .x = 8, .height = 4, .width = 4};
  EXPECT_THROW(static_cast<void>(coverage_of(entry, 1, 8, 8)), Error);
}

}  // namespace
}  // namespace sagitta
