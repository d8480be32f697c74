#include "sagitta/draw/canvas.h"

#include "sagitta/base/error.h"

#include <gtest/gtest.h>

namespace sagitta::draw {
namespace {

Color pixel(const Array& image, std::int64_t x, std::int64_t y) {
  const float* at = image.data() + (y * image.dim(1) + x) * 3;
  return {.red = at[0], .green = at[1], .blue = at[2]};
}

TEST(Canvas, ReadsColoursLikeWebPages) {
  const Color color = rgb(0xFF3300);
  EXPECT_EQ(color.red, 1);
  EXPECT_FLOAT_EQ(color.green, 0.2F);
  EXPECT_EQ(color.blue, 0);
}

TEST(Canvas, CutsWhatLeavesTheImage) {
  Array image = blank({.width = 4, .height = 3}, rgb(0));
  paste(image, Array({2, 2, 3}, 1.0F), {.x = 3, .y = -1});
  fill(image, {.x = -5, .y = 2}, {.width = 6, .height = 9}, rgb(0xFFFFFF));
  paste(image, Array({1, 1, 3}, 1.0F), {.x = 9, .y = 9});
  // White are (3, 0) of the first picture and (0, 2) of the box.
  for (std::int64_t y = 0; y < 3; ++y) {
    for (std::int64_t x = 0; x < 4; ++x) {
      const bool white = (x == 3 && y == 0) || (x == 0 && y == 2);
      EXPECT_EQ(pixel(image, x, y).red, white ? 1 : 0) << x << " " << y;
    }
  }
}

TEST(Canvas, TilesABatchAboutSquare) {
  Array batch({3, 2, 5, 3});
  for (std::int64_t i = 0; i < 3; ++i) {
    std::fill_n(batch.data() + i * 30, 30, 0.25F * static_cast<float>(i + 1));
  }
  const Array image = tile(batch, 1, rgb(0xFFFFFF));
  EXPECT_EQ(image.shape(), (Shape{5, 11, 3}));  // two by two
  EXPECT_EQ(pixel(image, 4, 1).red, 0.25F);
  EXPECT_EQ(pixel(image, 5, 1).red, 1);
  EXPECT_EQ(pixel(image, 6, 0).red, 0.5F);
  EXPECT_EQ(pixel(image, 0, 3).red, 0.75F);
  EXPECT_EQ(pixel(image, 10, 4).red, 1);
}

TEST(Canvas, RefusesWhatIsNoPicture) {
  EXPECT_THROW(static_cast<void>(size_of(Array({3, 4, 5}))), Error);
  EXPECT_THROW(static_cast<void>(blank({.width = 0, .height = 5}, rgb(0))), Error);
  EXPECT_THROW(static_cast<void>(tile(Array({2, 4, 4, 1}), 1, rgb(0))), Error);
}

}  // namespace
}  // namespace sagitta::draw
