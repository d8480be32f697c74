#include "sagitta/core/stored.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta {
namespace {

TEST(StoredTensor, KeepsTheValuesOfTheArrayItWasMadeFrom) {
  const StoredTensor stored = to_stored(Array({2, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(stored.dtype, DType::f32);
  EXPECT_EQ(stored.bytes(), 16U);
  const Array back = to_array(stored);
  EXPECT_THAT(back.shape(), testing::ElementsAre(2, 2));
  EXPECT_THAT(back.values(), testing::ElementsAre(1, 2, 3, 4));
}

TEST(StoredTensor, MayBeEmpty) {
  const StoredTensor stored = to_stored(Array({0, 4}));
  EXPECT_EQ(stored.bytes(), 0U);
  EXPECT_THAT(to_array(stored).shape(), testing::ElementsAre(0, 4));
}

}  // namespace
}  // namespace sagitta
