#include "sagitta/image/batch.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;

Array items(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{count, 1, 1}, std::move(values)};
}

TEST(RepeatToBatch, StartsAgainFromTheFirstItemOrCuts) {
  EXPECT_THAT(repeat_to_batch(items({1, 2}), 5).values(), ElementsAre(1, 2, 1, 2, 1));
  EXPECT_THAT(repeat_to_batch(items({1, 2, 3}), 2).values(), ElementsAre(1, 2));
}

TEST(SpreadToBatch, KeepsTheOrderOfItems) {
  EXPECT_THAT(spread_to_batch(items({1, 2}), 5).values(), ElementsAre(1, 1, 2, 2, 2));
  EXPECT_THAT(spread_to_batch(items({1, 2, 3, 4, 5}), 3).values(), ElementsAre(1, 3, 5));
  EXPECT_THAT(spread_to_batch(items({1, 2, 3}), 1).values(), ElementsAre(1));
}

TEST(CropPlanes, TakesABoxOfEveryPlane) {
  const Array x({2, 2, 3}, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16});
  const Array out = crop(x, {.y = 1, .x = 1, .height = 1, .width = 2});
  EXPECT_EQ(out.shape(), (Shape{2, 1, 2}));
  EXPECT_THAT(out.values(), ElementsAre(5, 6, 15, 16));
}

TEST(CropPlanes, RefusesABoxThatLeavesThePlane) {
  EXPECT_THROW(static_cast<void>(crop(Array({2, 2}), {.y = 0, .x = 1, .height = 1, .width = 2})), Error);
  EXPECT_THROW(static_cast<void>(crop(Array({2, 2}), {.y = 0, .x = 0, .height = 0, .width = 2})), Error);
}

}  // namespace
}  // namespace sagitta
