#include "sagitta/io/atomic_file.h"

#include "io/support.h"
#include "sagitta/io/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sagitta::io {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  const auto path = folder / "out \xF0\x9F\x90\x88.txt";
  AtomicFile file(path);
  file.write("one ");
  file.write("two");
  EXPECT_FALSE(std::filesystem::exists(path));
  file.commit();
  EXPECT_EQ(content_of(path), "one two");
  EXPECT_EQ(folder.count(), 1U);
}

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "out");
    file.write("half");
  }
  EXPECT_EQ(folder.count(), 0U);
}

TEST(AtomicFile, KeepsTheOldContentUntilCommitted) {
  const TemporaryFolder folder;
  const auto path = folder.file("out", "old");
  {
    AtomicFile file(path);
    file.write("half");
  }
  EXPECT_EQ(content_of(path), "old");
  write_file(path, "new");
  EXPECT_EQ(content_of(path), "new");
}

TEST(AtomicFile, ObeysTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = umask(027);
  write_file(folder / "out", "x");
  umask(before);
  const auto mode = std::filesystem::status(folder / "out").permissions();
  EXPECT_EQ(static_cast<unsigned>(mode), 0640U);
}

TEST(AtomicFile, NamesPathAndReasonWhenItCannotWrite) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { write_file(folder / "no/such/out", "x"); }),
              AllOf(StartsWith("bad_file"), HasSubstr("no/such/out"), HasSubstr("no folder")));
  EXPECT_THAT(error_of([&] { write_file(folder.path(), "x"); }), HasSubstr("a folder"));
  EXPECT_THAT(error_of([&] { write_file(folder.path() / "", "x"); }), HasSubstr("names no file"));
  EXPECT_THAT(error_of([] { write_file("", "x"); }), HasSubstr("names no file"));
}

TEST(AtomicFile, RefusesToReplaceADevice) {
  EXPECT_THAT(error_of([] { write_file("/dev/null", "x"); }), HasSubstr("not a regular file"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(ReadFile, ReturnsTheWholeContent) {
  const TemporaryFolder folder;
  const std::string content("a\0b\n", 4);
  EXPECT_EQ(read_file(folder.file("in", content)), content);
  EXPECT_EQ(read_file(folder.file("empty", "")), "");
}

TEST(ReadFile, RefusesMissingLargeAndSpecialFiles) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { (void)read_file(folder / "none"); }),
              AllOf(StartsWith("bad_file"), HasSubstr("none")));
  const auto path = folder.file("in", "12345");
  EXPECT_THAT(error_of([&] { (void)read_file(path, 4); }), HasSubstr("at most 4"));
  EXPECT_THAT(error_of([&] { (void)read_file(folder.path()); }), HasSubstr("a folder"));
  const auto pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { (void)read_file(pipe); }), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace sagitta::io
