#include "sagitta/core/array.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Array, DefaultHoldsNothing) {
  const Array array;
  EXPECT_TRUE(array.empty());
  EXPECT_THAT(array.shape(), ElementsAre(0));
}

TEST(Array, ScalarHoldsOneValue) {
  const Array array(Shape{}, 3.0F);
  EXPECT_EQ(array.rank(), 0U);
  EXPECT_THAT(array.values(), ElementsAre(3.0F));
}

TEST(Array, RefusesValuesThatDoNotFitTheShape) {
  try {
    const Array array({2, 3}, std::vector<float>(5));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("2x3"));
  }
}

TEST(Array, RefusesNegativeAndOverflowingShapes) {
  EXPECT_THROW(Array({2, -1}), Error);
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(Array({kHuge, kHuge}), Error);
}

TEST(Array, SliceTakesRowsOfTheFirstAxis) {
  const Array array({3, 2}, {1, 2, 3, 4, 5, 6});
  const Array rows = array.slice(1, 2);
  EXPECT_THAT(rows.shape(), ElementsAre(2, 2));
  EXPECT_THAT(rows.values(), ElementsAre(3, 4, 5, 6));
  EXPECT_TRUE(array.slice(3, 0).empty());
  EXPECT_THROW((void)array.slice(2, 2), Error);
  EXPECT_THROW((void)array.slice(-1, 1), Error);
}

TEST(Array, ReshapeKeepsTheValuesInOrder) {
  const Array array({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(array.reshaped({3, 2}).values(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THROW((void)array.reshaped({4}), Error);
}

TEST(Array, ArithmeticIsElementWise) {
  const Array a({3}, {1, 2, 3});
  const Array b({3}, {10, 20, 40});
  EXPECT_THAT((a + b).values(), ElementsAre(11, 22, 43));
  EXPECT_THAT((b - a).values(), ElementsAre(9, 18, 37));
  EXPECT_THAT((a * b).values(), ElementsAre(10, 40, 120));
  EXPECT_THAT((2.0F * a).values(), ElementsAre(2, 4, 6));
  EXPECT_THAT((b / 10.0F).values(), ElementsAre(1, 2, 4));
}

TEST(Array, ArithmeticRefusesDifferentShapes) {
  const Array a({4});
  const Array b({2, 2});
  EXPECT_THROW((void)(a + b), Error);
  EXPECT_THROW((void)(a - b), Error);
  EXPECT_THROW((void)(a * b), Error);
}

TEST(Array, ConcatJoinsAlongTheFirstAxis) {
  const Array parts[] = {Array({1, 2}, {1, 2}), Array({2, 2}, {3, 4, 5, 6})};
  const Array joined = concat(parts);
  EXPECT_THAT(joined.shape(), ElementsAre(3, 2));
  EXPECT_THAT(joined.values(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Array, ConcatRefusesPartsThatDoNotFit) {
  const Array parts[] = {Array({1, 2}), Array({1, 3})};
  EXPECT_THROW((void)concat(parts), Error);
  EXPECT_THROW((void)concat({}), Error);
}

TEST(Shape, PrintsSizesOrScalar) {
  EXPECT_EQ(to_string(Shape{2, 64, 3}), "2x64x3");
  EXPECT_EQ(to_string(Shape{}), "scalar");
}

}  // namespace
}  // namespace sagitta
