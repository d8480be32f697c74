#include "sagitta/image/channels.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const Array& rgba() {
  static const Array image({1, 1, 2, 4}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F});
  return image;
}

TEST(Channels, AddOpaqueAlphaOrCut) {
  EXPECT_THAT(with_channels(Array({1, 1, 1, 3}, {0, 0.5F, 0.2F}), 4).values(),
              ElementsAre(0, 0.5F, 0.2F, 1));
  EXPECT_THAT(with_channels(rgba(), 3).values(), ElementsAre(0.1F, 0.2F, 0.3F, 0.5F, 0.6F, 0.7F));
  EXPECT_THAT(
      [] {
        static_cast<void>(with_channels(Array({1, 1, 1, 1}), 3));
      },
      ThrowsMessage<Error>(HasSubstr("1 channels do not fit")));
}

TEST(Channels, OneIsAMask) {
  EXPECT_THAT(channel_of(rgba(), 3).values(), ElementsAre(0.4F, 0.8F));
  EXPECT_THAT(
      [] {
        static_cast<void>(channel_of(Array({1, 1, 1, 3}), 3));
      },
      ThrowsMessage<Error>(HasSubstr("has 3 channels")));
  EXPECT_THROW(static_cast<void>(channel_of(Array({2, 2}), 0)), Error);
}

TEST(Channels, MasksBecomeGreyPictures) {
  const Array grey = grey_images(Array({1, 2}, {0.25F, 1}));
  EXPECT_EQ(grey.shape(), (Shape{1, 1, 2, 3}));
  EXPECT_THAT(grey.values(), ElementsAre(0.25F, 0.25F, 0.25F, 1, 1, 1));
}

TEST(Channels, FindAColourThatIsRoundedAndClipped) {
  const Array image({1, 1, 3, 3}, {1.5F, 0.2F, -1, 1, 0.2F, 0.1F, 1, 0.201F, 0});
  EXPECT_THAT(mask_of_colour(image, 0xFF3300).values(), ElementsAre(1, 0, 1));
  EXPECT_THROW(static_cast<void>(mask_of_colour(Array({1, 1, 1, 2}), 0)), Error);
}

TEST(Channels, AlphaIsTheOppositeOfTheMask) {
  const WithAlpha parts = split_alpha(rgba());
  EXPECT_THAT(parts.mask.values(), ElementsAre(1 - 0.4F, 1 - 0.8F));
  EXPECT_EQ(parts.images.shape(), (Shape{1, 1, 2, 3}));
  const Array joined = join_alpha(parts.images, parts.mask);
  EXPECT_THAT(joined.values(), testing::Pointwise(testing::FloatNear(1e-6F), rgba().values()));
}

TEST(Channels, OpaquePicturesHaveAnEmptyMask) {
  EXPECT_THAT(split_alpha(Array({1, 1, 2, 3}, 0.5F)).mask.values(), ElementsAre(0, 0));
  EXPECT_EQ(split_alpha(Array({1, 1, 2, 2}, 0.5F)).images.shape(), (Shape{1, 1, 2, 2}));
}

TEST(Channels, JoinRepeatsTheShorterBatchAndResizesTheMask) {
  const Array joined = join_alpha(Array({1, 2, 2, 3}, 0.5F), Array({2, 1, 1}, {0, 1}));
  EXPECT_EQ(joined.shape(), (Shape{2, 2, 2, 4}));
  EXPECT_EQ(joined[3], 1);
  EXPECT_EQ(joined[joined.size() - 1], 0);
}

TEST(Channels, PlainPicturesHaveTheColour) {
  EXPECT_THAT(plain_images(1, 1, 1, 0x3366CC).values(), ElementsAre(0.2F, 0.4F, 0.8F));
  EXPECT_THAT([] { static_cast<void>(plain_images(4096, 16384, 16384, 0)); },
              ThrowsMessage<Error>(HasSubstr("4096x16384x16384x3 would hold more than")));
}

}  // namespace
}  // namespace sagitta
