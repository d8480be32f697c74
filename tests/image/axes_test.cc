#include "sagitta/image/axes.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;

// 1 2 3
// 4 5 6
const Array kPlane({1, 1, 2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});

TEST(Axes, CutsAnyAxis) {
  EXPECT_THAT(narrow(kPlane, 3, 1, 2).values(), ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(narrow(kPlane, 2, 1, 1).values(), ElementsAre(4, 5, 6));
  EXPECT_EQ(narrow(kPlane, 3, 1, 2).shape(), (Shape{1, 1, 2, 2}));
}

TEST(Axes, RefusesPlacesThatAreNotThere) {
  for (const auto& [begin, count] : {std::pair<std::int64_t, std::int64_t>{-1, 1},
                                     {2, 2},
                                     {4, 0},
                                     {0, -1},
                                     {std::numeric_limits<std::int64_t>::max(), 1}}) {
    EXPECT_THROW(static_cast<void>(narrow(kPlane, 3, begin, count)), Error) << begin;
  }
  EXPECT_THROW(static_cast<void>(narrow(kPlane, 4, 0, 1)), Error);
}

TEST(Axes, JoinsAlongAnyAxis) {
  EXPECT_THAT(join(kPlane, narrow(kPlane, 3, 0, 1), 3).values(),
              ElementsAre(1, 2, 3, 1, 4, 5, 6, 4));
  EXPECT_THAT(join(kPlane, narrow(kPlane, 2, 1, 1), 2).values(),
              ElementsAre(1, 2, 3, 4, 5, 6, 4, 5, 6));
  EXPECT_EQ(join(kPlane, kPlane, 1).shape(), (Shape{1, 2, 2, 3}));
  EXPECT_THROW(static_cast<void>(join(kPlane, Array({1, 1, 3, 3}), 3)), Error);
  EXPECT_THROW(static_cast<void>(join(kPlane, Array({2, 3}), 3)), Error);
}

TEST(Axes, MirrorsAnyAxis) {
  EXPECT_THAT(mirrored(kPlane, 3).values(), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(mirrored(kPlane, 2).values(), ElementsAre(4, 5, 6, 1, 2, 3));
}

TEST(Axes, TurnsClockwise) {
  EXPECT_EQ(turned(kPlane, 1).shape(), (Shape{1, 1, 3, 2}));
  EXPECT_THAT(turned(kPlane, 1).values(), ElementsAre(4, 1, 5, 2, 6, 3));
  EXPECT_THAT(turned(kPlane, 2).values(), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(turned(kPlane, 3).values(), ElementsAre(3, 6, 2, 5, 1, 4));
  EXPECT_THAT(turned(kPlane, 4).values(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(turned(kPlane, -1).values(), ElementsAre(3, 6, 2, 5, 1, 4));
}

}  // namespace
}  // namespace sagitta
