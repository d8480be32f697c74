#include "sagitta/diffusion/inpaint.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;

TEST(GrowSquare, CoversASquareAroundEveryOne) {
  const Array dot({1, 1, 1, 5}, {0, 0, 1, 0, 0});
  EXPECT_THAT(grow_square(dot, 0).values(), ElementsAre(0, 0, 1, 0, 0));
  EXPECT_THAT(grow_square(dot, 3).values(), ElementsAre(0, 1, 1, 1, 0));
  EXPECT_THAT(grow_square(dot, 2).values(), ElementsAre(0, 0, 1, 1, 0));
}

TEST(GreyOut, LeavesNothingOfWhatIsMasked) {
  const MaskedPixels masked{.pixels = Array({1, 1, 2, 3}, {0, 0.25F, 1, 0, 0.25F, 1}),
                            .mask = Array({1, 1, 1, 2}, {0.4F, 0.6F})};
  EXPECT_THAT(grey_out(masked).values(), ElementsAre(0, 0.25F, 1, 0.5F, 0.5F, 0.5F));
}

TEST(FitMaskToPixels, CutsBothAroundTheCentre) {
  const MaskedPixels masked = fit_mask_to_pixels(Array({1, 19, 17, 3}), Array({1, 19, 17}, 1), 8);
  EXPECT_EQ(masked.pixels.shape(), (Shape{1, 16, 16, 3}));
  EXPECT_EQ(masked.mask.shape(), (Shape{1, 1, 16, 16}));
  EXPECT_THROW(static_cast<void>(fit_mask_to_pixels(Array({1, 7, 17, 3}), Array({1, 2, 2}), 8)), Error);
}

}  // namespace
}  // namespace sagitta
