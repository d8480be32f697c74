#include "sagitta/base/error.h"
#include "sagitta/image/blend.h"
#include "sagitta/image/blur.h"

#include <gmock/gmock.h>

#include <cmath>

namespace sagitta {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using testing::ThrowsMessage;

Array line(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{1, 1, count, 1}, std::move(values)};
}

float mixed(float a, float b, const char* mode) {
  return blend(line({a}), line({b}), 1, blend_mode(mode))[0];
}

TEST(Blend, KnowsItsModes) {
  EXPECT_FLOAT_EQ(mixed(0.5F, 0.25F, "normal"), 0.25F);
  EXPECT_FLOAT_EQ(mixed(0.5F, 0.25F, "multiply"), 0.125F);
  EXPECT_FLOAT_EQ(mixed(0.5F, 0.25F, "screen"), 0.625F);
  EXPECT_FLOAT_EQ(mixed(0.25F, 0.5F, "overlay"), 0.25F);
  EXPECT_FLOAT_EQ(mixed(0.75F, 0.5F, "overlay"), 0.75F);
  EXPECT_FLOAT_EQ(mixed(0.5F, 0.25F, "soft_light"), 0.375F);
  EXPECT_FLOAT_EQ(mixed(0.25F, 1, "soft_light"), 0.5F);
  EXPECT_FLOAT_EQ(mixed(0.5F, 0.25F, "difference"), 0.25F);
  EXPECT_FLOAT_EQ(mixed(0.25F, 0.5F, "difference"), 0);
  EXPECT_THROW(static_cast<void>(blend_mode("add")), Error);
}

TEST(Blend, MovesByTheFactor) {
  EXPECT_THAT(blend(line({0, 1}), line({1, 1}), 0.25F, BlendMode::normal).values(),
              ElementsAre(0.25F, 1));
}

TEST(Blend, OnePictureServesABatchAndSizesAreMatched) {
  const Array two({2, 1, 1, 1}, {0.25F, 0.5F});
  EXPECT_THAT(blend(two, line({1, 1, 1}), 1, BlendMode::multiply).values(),
              Pointwise(FloatNear(1e-6F), {0.25F, 0.5F}));
  EXPECT_EQ(blend(line({1}), two, 1, BlendMode::normal).dim(0), 2);
  EXPECT_THAT(
      [&] {
        static_cast<void>(blend(two, Array({3, 1, 1, 1}), 1, BlendMode::normal));
      },
      ThrowsMessage<Error>(HasSubstr("2 and 3 pictures")));
}

TEST(Blur, SpreadsByAKernelThatEndsAtOneRadius) {
  const float side = std::exp(-0.5F);  // sigma 1, one cell away
  const float sum = 1 + 2 * side;
  const Array blurred = blur_images(line({0, 0, 1, 0, 0}), 1, 1);
  EXPECT_THAT(blurred.values(),
              ElementsAre(0, FloatNear(side / sum, 1e-6F), FloatNear(1 / sum, 1e-6F),
                          FloatNear(side / sum, 1e-6F), 0));
}

TEST(Blur, MirrorsWithoutRepeatingTheEdge) {
  const float side = std::exp(-0.5F);
  const Array blurred = blur_images(line({0, 1, 0}), 1, 1);
  EXPECT_NEAR(blurred[0], 2 * side / (1 + 2 * side), 1e-6);
}

TEST(Blur, KeepsFlatPicturesFlatHoweverSmall) {
  EXPECT_THAT(blur_images(Array({2, 1, 1, 4}, 0.5F), 31, 10).values(),
              Each(FloatNear(0.5F, 1e-6F)));
  EXPECT_THAT(blur_images(Array({1, 2, 3, 3}, 0.5F), 31, 0.1).values(),
              Each(FloatNear(0.5F, 1e-6F)));
}

TEST(Blur, RadiusZeroIsThePictureAndOthersHaveBounds) {
  EXPECT_THAT(blur_images(line({0.5F, 0}), 0, 1).values(), ElementsAre(0.5F, 0));
  EXPECT_THROW(static_cast<void>(blur_images(line({1}), 1, 0)), Error);
  EXPECT_THROW(static_cast<void>(blur_images(line({1}), 1 << 20, 1)), Error);
  EXPECT_THROW(static_cast<void>(blur_images(Array({2, 2}), 1, 1)), Error);
}

TEST(Sharpen, AddsTenTimesWhatTheBlurTakes) {
  const Array picture = line({0.5F, 0.5F, 0.52F, 0.5F, 0.5F});
  const Array blurred = blur_images(picture, 1, 1);
  const Array sharp = sharpen_images(picture, 1, 1, 0.1);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(sharp[i], picture[i] + (picture[i] - blurred[i]), 1e-6);
  }
  EXPECT_THAT(sharpen_images(line({0, 1, 0}), 1, 1, 5).values(), ElementsAre(0, 1, 0));
}

}  // namespace
}  // namespace sagitta
