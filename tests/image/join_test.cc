#include "sagitta/image/join.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Join, BringsPicturesToTheFirstSizeAndAllChannels) {
  const std::vector<Array> batches{
      Array({1, 1, 1, 3}, {0.1F, 0.2F, 0.3F}),
      Array({2, 1, 3, 4}, {0, 0, 0, 0, 0.5F, 0.6F, 0.7F, 0.8F, 0, 0, 0, 0,  //
                           1, 1, 1, 1, 0.5F, 0.5F, 0.5F, 0.5F, 1, 1, 1, 1})};
  const Array joined = join_images(batches);
  EXPECT_EQ(joined.shape(), (Shape{3, 1, 1, 4}));
  EXPECT_THAT(joined.values(), ElementsAre(0.1F, 0.2F, 0.3F, 1,  //
                                           0.5F, 0.6F, 0.7F, 0.8F, 0.5F, 0.5F, 0.5F, 0.5F));
}

TEST(Join, TakesMasksOfAnyRank) {
  const std::vector<Array> batches{Array({1, 2}, {0, 1}), Array({2, 1, 2}, {0.5F, 0.5F, 1, 1})};
  EXPECT_THAT(join_masks(batches).values(), ElementsAre(0, 1, 0.5F, 0.5F, 1, 1));
}

TEST(Join, RefusesNothing) {
  EXPECT_THROW(static_cast<void>(join_images({})), Error);
  EXPECT_THROW(static_cast<void>(join_masks(std::vector<Array>{Array()})), Error);
}

TEST(Rebatch, DividesAcrossBatchesAndKeepsTheRest) {
  const std::vector<Array> batches{Array({2, 1, 1, 1}, {1, 2}), Array({3, 1, 1, 1}, {3, 4, 5})};
  const std::vector<Array> made = rebatched(batches, 2);
  ASSERT_EQ(made.size(), 3U);
  EXPECT_THAT(made[1].values(), ElementsAre(3, 4));
  EXPECT_THAT(made[2].values(), ElementsAre(5));
}

TEST(Rebatch, RefusesUnequalSizesInOneBatch) {
  const std::vector<Array> batches{Array({1, 1, 1, 3}), Array({1, 2, 1, 3})};
  EXPECT_EQ(rebatched(batches, 1).size(), 2U);
  EXPECT_THAT([&] { static_cast<void>(rebatched(batches, 2)); },
              ThrowsMessage<Error>(HasSubstr("1x1x1x3 and 1x2x1x3")));
  EXPECT_THROW(static_cast<void>(rebatched(batches, 0)), Error);
}

}  // namespace
}  // namespace sagitta
