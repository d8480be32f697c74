#include "sagitta/io/npy.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace sagitta::io {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string written(const Array& array) {
  const TemporaryFolder folder;
  write_npy(folder / "x.npy", array);
  return content_of(folder / "x.npy");
}

TEST(Npy, HeaderIsAlignedAndValuesFollow) {
  const std::string file = written(Array({2, 1}, {1.5F, -2}));
  EXPECT_THAT(file, StartsWith(std::string("\x93NUMPY\x01\x00\x76\x00", 10)));
  EXPECT_THAT(file, HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"));
  ASSERT_EQ(file.size(), 128U + 8U);
  EXPECT_EQ(file[127], '\n');
  float last = 0;
  std::memcpy(&last, file.data() + 132, 4);
  EXPECT_EQ(last, -2);
}

TEST(Npy, ShapesAreTuples) {
  EXPECT_THAT(written(Array({3})), HasSubstr("'shape': (3,)"));
  EXPECT_THAT(written(Array(Shape{})), HasSubstr("'shape': ()"));
}

}  // namespace
}  // namespace sagitta::io
