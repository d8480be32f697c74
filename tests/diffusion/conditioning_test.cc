#include "sagitta/diffusion/conditioning.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

namespace sagitta {
namespace {

using test::toy_prompt;

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

TEST(Coverage, RefusesAnAreaOutsideTheLatent) {
  PreparedEntry entry{.context = {}, .vector = {}, .area = {}, .mask = {}};
  entry.area = {.y = 0, .x = 8, .height = 4, .width = 4};
  EXPECT_THROW(static_cast<void>(coverage_of(entry, 1, 8, 8)), Error);
}

}  // namespace
}  // namespace sagitta
