#include "sagitta/io/exif.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

using testing::ElementsAre;

TEST(Exif, OrientationIsReadInBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(as_bytes(exif_with_orientation(orientation, false))), orientation);
    EXPECT_EQ(exif_orientation(as_bytes(exif_with_orientation(orientation, true))), orientation);
  }
}

TEST(Exif, BrokenDataMeanUpright) {
  EXPECT_EQ(exif_orientation({}), 1);
  EXPECT_EQ(exif_orientation(as_bytes(exif_with_orientation(9))), 1);
  EXPECT_EQ(exif_orientation(as_bytes(exif_with_orientation(0))), 1);
  const std::string whole = exif_with_orientation(6);
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(exif_orientation(as_bytes(std::string_view(whole).substr(0, size))), 1) << size;
  }
}

// A picture of two rows and three columns whose red values are 1 to 6 in reading order.
Image numbered() {
  Image image{.pixels = Array({1, 2, 3, 3}), .alpha = Array({2, 3})};
  for (std::size_t i = 0; i < 6; ++i) {
    image.pixels[i * 3] = static_cast<float>(i + 1);
    (*image.alpha)[i] = static_cast<float>(i + 1);
  }
  return image;
}

std::vector<int> reds(const Image& image) {
  std::vector<int> out;
  for (std::size_t i = 0; i < 6; ++i) out.push_back(static_cast<int>(image.pixels[i * 3]));
  return out;
}

TEST(Exif, EachOrientationIsTurnedUpright) {
  // What is stored reads 123/456; the tag says where the visible top row and left column are.
  const std::vector<std::vector<int>> upright = {
      {1, 2, 3, 4, 5, 6},  // 1: as it is
      {3, 2, 1, 6, 5, 4},  // 2: mirrored left to right
      {6, 5, 4, 3, 2, 1},  // 3: half a turn
      {4, 5, 6, 1, 2, 3},  // 4: mirrored top to bottom
      {1, 4, 2, 5, 3, 6},  // 5: transposed
      {4, 1, 5, 2, 6, 3},  // 6: a quarter turn clockwise
      {6, 3, 5, 2, 4, 1},  // 7: transposed over the other diagonal
      {3, 6, 2, 5, 1, 4},  // 8: a quarter turn anticlockwise
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image image = oriented(numbered(), orientation);
    EXPECT_EQ(reds(image), upright[static_cast<std::size_t>(orientation - 1)]) << orientation;
    const Shape shape = orientation < 5 ? Shape{1, 2, 3, 3} : Shape{1, 3, 2, 3};
    EXPECT_EQ(image.pixels.shape(), shape);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ((*image.alpha)[i], image.pixels[i * 3]);
  }
}

}  // namespace
}  // namespace sagitta::io
