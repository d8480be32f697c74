#include "sagitta/image/composite.h"

#include "sagitta/base/error.h"
#include "sagitta/image/outpaint.h"
#include "sagitta/image/porter_duff.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Array line(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{1, 1, 1, count}, std::move(values)};
}

TEST(Composite, CoversFromTheCornerAndIsCutAtTheEdge) {
  EXPECT_THAT(composite(line({1, 2, 3, 4}), line({10, 20, 30}), {.x = 2}).values(),
              ElementsAre(1, 2, 10, 20));
  EXPECT_THAT(composite(line({1, 2}), line({10}), {.x = 16384, .resize_source = false}).values(),
              ElementsAre(1, 2));
  EXPECT_THAT(composite(line({1, 2}), line({10, 20, 30}), {.x = -2}).values(), ElementsAre(30, 2));
}

TEST(Composite, MixesByAMaskThatIsBroughtToTheSource) {
  const Array mask({1, 1}, 0.25F);
  EXPECT_THAT(composite(line({1, 2}), line({5, 10}), {}, &mask).values(), ElementsAre(2, 4));
}

TEST(Composite, StretchesTheSourceOnRequest) {
  EXPECT_THAT(composite(line({1, 2, 3}), line({7}), {.resize_source = true}).values(),
              ElementsAre(7, 7, 7));
}

TEST(Composite, RepeatsSourceAndMaskToTheBatch) {
  const Array below({3, 1, 1, 1}, {1, 1, 1});
  const Array mask({3, 1, 1}, {0, 0.5F, 1});
  EXPECT_THAT(composite(below, line({3}), {}, &mask).values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(composite(line({1}), below, {}).values(), ElementsAre(1));
}

TEST(Composite, RefusesUnequalChannelsButImagesFindAWay) {
  EXPECT_THROW(static_cast<void>(composite(Array({1, 3, 1, 1}), Array({1, 4, 1, 1}), {})), Error);
  const Array below({1, 1, 1, 4}, {0, 0, 0, 0});
  EXPECT_THAT(composite_images(below, line({0.1F, 0.2F, 0.3F}), {}).values(),
              ElementsAre(0.1F, 0.2F, 0.3F, 1));
}

TEST(PorterDuff, LaysATranslucentPictureOver) {
  const Layer source{.images = line({1}), .mask = Array({1, 1, 1}, 0.5F)};
  const Layer below{.images = line({0}), .mask = Array({1, 1, 1})};
  const Layer over = porter_duff(source, below, porter_duff_mode("SRC_OVER"));
  EXPECT_THAT(over.images.values(), ElementsAre(0.5F));
  EXPECT_THAT(over.mask.values(), ElementsAre(0));
}

TEST(PorterDuff, LeavesNothingWhereNothingIs) {
  const Layer gone{.images = line({0.7F}), .mask = Array({1, 1, 1}, 1)};
  for (const std::string& name : porter_duff_names()) {
    const Layer made = porter_duff(gone, gone, porter_duff_mode(name));
    EXPECT_THAT(made.images.values(), ElementsAre(0)) << name;
    EXPECT_THAT(made.mask.values(), ElementsAre(1)) << name;
  }
  EXPECT_THROW(static_cast<void>(porter_duff_mode("OVER")), Error);
}

TEST(PorterDuff, BringsEverythingToTheDestinationAndTheShortestBatch) {
  const Layer source{.images = Array({3, 4, 4, 3}, 0.25F), .mask = Array({2, 1, 1})};
  const Layer below{.images = Array({2, 2, 2, 3}, 1), .mask = Array({2, 8, 8})};
  const Layer made = porter_duff(source, below, PorterDuff::src);
  EXPECT_EQ(made.images.shape(), (Shape{2, 2, 2, 3}));
  EXPECT_THAT(made.images.values(), Each(testing::FloatNear(0.25F, 1e-6F)));
  EXPECT_THAT(
      [&] {
        static_cast<void>(
            porter_duff({.images = line({1}), .mask = below.mask}, below, PorterDuff::src));
      },
      ThrowsMessage<Error>(HasSubstr("the source has 1 channels")));
}

TEST(Outpaint, PutsGreyAroundAndFeathersTowardsTheRoom) {
  const Padded padded = pad_for_outpainting(Array({1, 5, 5, 1}, 1), {.left = 1}, 2);
  EXPECT_EQ(padded.images.shape(), (Shape{1, 5, 6, 1}));
  EXPECT_EQ(padded.images[0], 0.5F);
  EXPECT_EQ(padded.images[1], 1);
  const auto row = padded.mask.values().first(6);
  EXPECT_THAT(row, ElementsAre(1, 1, 0.25F, 0, 0, 0));
}

TEST(Outpaint, DoesNotFeatherWhatIsTooSmall) {
  EXPECT_THAT(pad_for_outpainting(Array({1, 1, 1, 3}), {.right = 1}, 40).mask.values(),
              ElementsAre(0, 1));
}

TEST(Outpaint, RefusesRoomWithoutEnd) {
  const Edges room{.left = 16384, .top = 16384, .right = 16384, .bottom = 16384};
  EXPECT_THROW(static_cast<void>(pad_for_outpainting(Array({1, 1, 1, 3}), room, 0)), Error);
}

}  // namespace
}  // namespace sagitta
