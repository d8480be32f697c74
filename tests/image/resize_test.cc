#include "sagitta/image/resize.h"

#include "sagitta/base/error.h"
#include "sagitta/base/rng.h"

#include <gmock/gmock.h>

#include <cmath>

namespace sagitta {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;

constexpr ResizeMethod kAll[] = {ResizeMethod::nearest_exact, ResizeMethod::bilinear,
                                 ResizeMethod::area,          ResizeMethod::bicubic,
                                 ResizeMethod::bislerp,       ResizeMethod::lanczos};

Array row(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{1, 1, 1, count}, std::move(values)};
}

TEST(Resize, KeepsAFlatPictureFlat) {
  for (const ResizeMethod method : kAll) {
    const Array out = resize(Array({2, 3, 7, 5}, 0.2F), 4, 9, method);  // 0.2 is a whole level of 8 bits
    EXPECT_EQ(out.shape(), (Shape{2, 3, 4, 9}));
    EXPECT_THAT(out.values(), Each(FloatNear(0.2F, 1e-6F)));
  }
}

TEST(Resize, TakesTheNearestCellByItsCentre) {
  EXPECT_THAT(resize(row({1, 2, 3, 4, 5}), 1, 2, ResizeMethod::nearest_exact).values(),
              ElementsAre(2, 4));
}

TEST(Resize, AveragesTheCellsUnderTheTarget) {
  EXPECT_THAT(resize(row({1, 3, 5, 7}), 1, 2, ResizeMethod::area).values(), ElementsAre(2, 6));
}

TEST(Resize, BlendsLinearlyBetweenCentres) {
  EXPECT_THAT(resize(row({0, 1}), 1, 4, ResizeMethod::bilinear).values(),
              ElementsAre(0, 0.25F, 0.75F, 1));
}

TEST(Resize, BislerpKeepsTheLengthOfUnitVectors) {
  const Array x({1, 2, 1, 2}, {1, 0, 0, 1});  // two cells at right angles
  const Array out = resize(x, 1, 5, ResizeMethod::bislerp);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(out[i] * out[i] + out[5 + i] * out[5 + i], 1, 1e-5);
  }
}

TEST(Resize, LanczosGivesLevelsOfEightBits) {
  Array x({1, 3, 6, 6});
  TorchRng(3).randn(x.values());
  const Array out = resize(x, 9, 4, ResizeMethod::lanczos);
  for (const float value : out.values()) {
    EXPECT_NEAR(value * 255, std::nearbyint(value * 255), 1e-3);
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 1);
  }
}

TEST(Resize, CutsToTheAspectRatioAroundTheCentre) {
  EXPECT_THAT(resize(row({1, 2, 3, 4, 5}), 1, 1, ResizeMethod::bilinear, Crop::centre).values(),
              ElementsAre(3));
}

TEST(Resize, RefusesASideWithoutSize) {
  EXPECT_THROW(static_cast<void>(resize(Array({1, 3, 2, 2}), 0, 2, ResizeMethod::area)), Error);
  EXPECT_THROW(static_cast<void>(resize(Array(), 1, 2, ResizeMethod::area)), Error);
  EXPECT_THROW(static_cast<void>(resize_method("nearest")), Error);
}

}  // namespace
}  // namespace sagitta
