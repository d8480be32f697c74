#include "sagitta/image/scale.h"

#include "sagitta/base/error.h"
#include "sagitta/image/limits.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr Size kPicture{.height = 20, .width = 28};

TEST(Scale, AZeroSideFollowsTheOtherOne) {
  EXPECT_EQ(fill_in_sides(kPicture, {.height = 30, .width = 0}), (Size{.height = 30, .width = 42}));
  EXPECT_EQ(fill_in_sides(kPicture, {.height = 0, .width = 30}), (Size{.height = 21, .width = 30}));
  EXPECT_EQ(fill_in_sides({.height = 1, .width = 999}, {.height = 0, .width = 1}),
            (Size{.height = 1, .width = 1}));
  EXPECT_EQ(fill_in_sides(kPicture, {}), std::nullopt);
}

TEST(Scale, RoundsHalvesToTheEvenNumber) {
  EXPECT_EQ(scaled_by({.height = 5, .width = 7}, 0.5), (Size{.height = 2, .width = 4}));
}

TEST(Scale, KeepsTheAspectRatioAtANumberOfPixels) {
  EXPECT_EQ(of_total_pixels({.height = 10, .width = 40}, 1600, 1),
            (Size{.height = 20, .width = 80}));
  EXPECT_EQ(of_total_pixels({.height = 10, .width = 40}, 1600, 16),
            (Size{.height = 16, .width = 80}));
}

TEST(Scale, KnowsTheLongerAndTheShorterSide) {
  EXPECT_EQ(of_longer_side(kPicture, 14), (Size{.height = 10, .width = 14}));
  EXPECT_EQ(of_shorter_side(kPicture, 10), (Size{.height = 10, .width = 14}));
  EXPECT_EQ(of_longer_side({.height = 28, .width = 20}, 14), (Size{.height = 14, .width = 10}));
  EXPECT_EQ(of_shorter_side({.height = 28, .width = 20}, 10), (Size{.height = 14, .width = 10}));
}

TEST(Scale, TakesPicturesAndMasks) {
  const Array image({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  const Array wide = scale(image, {.height = 1, .width = 4}, ResizeMethod::nearest_exact);
  EXPECT_EQ(wide.shape(), (Shape{1, 1, 4, 3}));
  EXPECT_THAT(wide.values(), ElementsAre(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6));
  const Array mask =
      scale(Array({2, 1, 1}, {0, 1}), {.height = 1, .width = 2}, ResizeMethod::lanczos);
  EXPECT_EQ(mask.shape(), (Shape{2, 1, 2}));
  EXPECT_THAT(mask.values(), ElementsAre(0, 0, 1, 1));
}

TEST(Scale, RefusesSizesThatAreNoneOrTooLarge) {
  const Array pixel({1, 1, 1, 3});
  EXPECT_THAT(
      [&] { static_cast<void>(scale(pixel, {.height = 0, .width = 4}, ResizeMethod::bilinear)); },
      ThrowsMessage<Error>(HasSubstr("1x0x4x3: a side has no size")));
  EXPECT_THAT(
      [&] {
        static_cast<void>(scale(pixel, {.height = 1 << 20, .width = 1 << 20}, ResizeMethod::area));
      },
      ThrowsMessage<Error>(HasSubstr("would hold more than")));
  EXPECT_THROW(static_cast<void>(scale(Array({4, 4}), kPicture, ResizeMethod::area)), Error);
}

TEST(Scale, CoversTheLargestMultiples) {
  Array image({1, 5, 9, 1}, 0.5F);
  EXPECT_EQ(scale_to_multiple(image, 4, ResizeMethod::bilinear).shape(), (Shape{1, 4, 8, 1}));
  EXPECT_EQ(scale_to_multiple(image, 1, ResizeMethod::bilinear).shape(), image.shape());
  EXPECT_EQ(scale_to_multiple(image, 8, ResizeMethod::bilinear).shape(), image.shape());
}

TEST(Limits, CountWithoutOverflow) {
  EXPECT_NO_THROW(require_size({1, kMostValues}, "a picture"));
  EXPECT_THROW(require_size({2, kMostValues}, "a picture"), Error);
  EXPECT_THROW(require_size({std::int64_t{1} << 62, std::int64_t{1} << 62, 16}, "a picture"),
               Error);
  EXPECT_THROW(require_size({4, 0}, "a picture"), Error);
}

}  // namespace
}  // namespace sagitta
