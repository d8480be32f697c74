#include "sagitta/image/masks.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Array dot() {
  Array mask({1, 3, 3});
  mask[4] = 1;
  return mask;
}

TEST(Grow, MakesACrossWithTaperedCornersAndASquareWithout) {
  EXPECT_THAT(grow(dot(), 1, true).values(), ElementsAre(0, 1, 0, 1, 1, 1, 0, 1, 0));
  EXPECT_THAT(grow(dot(), 1, false).values(), ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 1));
}

TEST(Grow, ShrinksByTheSameRuleAndDoesNotCountWhatIsOutside) {
  EXPECT_THAT(grow(grow(dot(), 1, true), -1, true).values(),
              ElementsAre(0, 0, 0, 0, 1, 0, 0, 0, 0));
  EXPECT_THAT(grow(Array({1, 2, 2}, 1), -16384, false).values(), ElementsAre(1, 1, 1, 1));
}

TEST(Grow, EndsWhereNothingChanges) {
  EXPECT_THAT(grow(Array({1, 1, 3}, {0.5F, 0, 0}), 16384, true).values(),
              ElementsAre(0.5F, 0.5F, 0.5F));
  EXPECT_THAT(grow(Array({1, 1}, 0.5F), 16384, true).values(), ElementsAre(0.5F));
}

TEST(Feather, RampsFromEachEdge) {
  const Array line({1, 1, 4}, 1);
  EXPECT_THAT(feather(line, {.left = 2}).values(), ElementsAre(0.5F, 1, 1, 1));
  EXPECT_THAT(feather(line, {.right = 2}).values(), ElementsAre(1, 1, 1, 0.5F));
  EXPECT_THAT(feather(line, {.left = 4, .right = 4}).values(),
              ElementsAre(0.25F, 0.375F, 0.375F, 0.25F));
  EXPECT_THAT(feather(Array({2, 2, 1}, 1), {.top = 2}).values(), ElementsAre(0.5F, 1, 0.5F, 1));
  EXPECT_THAT(feather(Array({1, 2, 1}, 1), {.bottom = 2}).values(), ElementsAre(1, 0.5F));
  EXPECT_THAT(feather(line, {.left = 100}).values(), ElementsAre(0.25F, 0.5F, 0.75F, 1));
}

TEST(Threshold, IsStrict) {
  EXPECT_THAT(threshold(Array({1, 1, 3}, {0.2F, 0.5F, 0.7F}), 0.5F).values(), ElementsAre(0, 0, 1));
}

TEST(Combine, WorksWhereTheSourceCovers) {
  const Array below({1, 1, 3}, {0.25F, 0.5F, 1});
  const Array above({1, 1, 2}, {0.5F, 0.25F});
  EXPECT_THAT(combine(below, above, 1, 0, MaskOperation::add).values(), ElementsAre(0.25F, 1, 1));
  EXPECT_THAT(combine(below, above, 2, 0, MaskOperation::subtract).values(),
              ElementsAre(0.25F, 0.5F, 0.5F));
  EXPECT_THAT(combine(below, above, 0, 0, MaskOperation::multiply).values(),
              ElementsAre(0.125F, 0.125F, 1));
}

TEST(Combine, RoundsBeforeLogicalOperations) {
  const Array below({1, 1, 4}, {0.2F, 0.2F, 0.8F, 0.8F});
  const Array above({1, 1, 4}, {0.2F, 0.8F, 0.2F, 0.8F});
  EXPECT_THAT(combine(below, above, 0, 0, mask_operation("and")).values(), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(combine(below, above, 0, 0, mask_operation("or")).values(), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(combine(below, above, 0, 0, mask_operation("xor")).values(), ElementsAre(0, 1, 1, 0));
  EXPECT_THROW(static_cast<void>(mask_operation("nand")), Error);
}

TEST(Combine, LeavesAMaskAloneThatTheSourceDoesNotTouch) {
  const Array below({1, 1, 2}, {0.25F, 2});
  EXPECT_THAT(combine(below, Array({1, 4, 4}, 1), 16384, 0, MaskOperation::multiply).values(),
              ElementsAre(0.25F, 1));
}

TEST(Combine, OneSourceServesABatchAndOthersDoNot) {
  const Array two({2, 1, 1}, {0.25F, 0.5F});
  EXPECT_THAT(combine(two, Array({1, 1}, 0.25F), 0, 0, MaskOperation::add).values(),
              ElementsAre(0.5F, 0.75F));
  EXPECT_THAT(
      [&] {
        static_cast<void>(combine(two, Array({3, 1, 1}), 0, 0, MaskOperation::add));
      },
      ThrowsMessage<Error>(HasSubstr("3 masks cannot be combined with 2")));
}

TEST(CropMask, TakesWhatLiesInside) {
  const Array mask({1, 2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(crop_mask(mask, 1, 0, 512, 512).values(), ElementsAre(2, 4));
  EXPECT_THAT([&] { static_cast<void>(crop_mask(mask, 2, 0, 1, 1)); },
              ThrowsMessage<Error>(HasSubstr("x 2, y 0 lies outside")));
}

TEST(SolidMask, HasASize) {
  EXPECT_THAT(solid_mask(0.3F, 1, 2).values(), ElementsAre(0.3F, 0.3F));
  EXPECT_THROW(static_cast<void>(solid_mask(1, 0, 2)), Error);
  EXPECT_THROW(static_cast<void>(solid_mask(1, 1 << 20, 1 << 20)), Error);
}

}  // namespace
}  // namespace sagitta
