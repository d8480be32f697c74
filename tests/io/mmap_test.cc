#include "sagitta/io/mmap.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

using testing::HasSubstr;

TEST(MappedFile, ShowsTheContent) {
  const TemporaryFolder folder;
  const MappedFile file(folder.file("in", "hello"));
  ASSERT_EQ(file.bytes().size(), 5U);
  EXPECT_EQ(file.bytes()[4], std::byte{'o'});
}

TEST(MappedFile, MayBeEmpty) {
  const TemporaryFolder folder;
  EXPECT_TRUE(MappedFile(folder.file("in", "")).bytes().empty());
}

TEST(MappedFile, DroppedPagesAreReadAgain) {
  const TemporaryFolder folder;
  const MappedFile file(folder.file("in", std::string(100000, 'x')));
  will_read(file.bytes().subspan(5000, 50000));
  EXPECT_EQ(file.bytes()[50000], std::byte{'x'});
  drop_pages(file.bytes().subspan(1, 99998));
  drop_pages(file.bytes().subspan(10, 20));
  will_read({});
  drop_pages({});
  EXPECT_EQ(file.bytes()[50000], std::byte{'x'});
}

TEST(MappedFile, RefusesFoldersAndMissingFiles) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { MappedFile file(folder.path()); }), HasSubstr("a folder"));
  EXPECT_THAT(error_of([&] { MappedFile file(folder / "none"); }), HasSubstr("No such file"));
}

}  // namespace
}  // namespace sagitta::io
