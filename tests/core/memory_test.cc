#include "sagitta/core/memory.h"

#include "sagitta/base/error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace sagitta {
namespace {

// What a pool asked of the "system". The pool's source is two plain functions, hence the globals.
int g_allocations = 0;
int g_releases = 0;
std::size_t g_limit = 0;  // bytes that the system has left
std::mutex g_mutex;

void* counted_allocate(std::size_t bytes) {
  const std::lock_guard lock(g_mutex);
  if (bytes > g_limit) return nullptr;
  g_limit -= bytes;
  ++g_allocations;
  return std::malloc(bytes);
}

void counted_release(void* block, std::size_t bytes) {
  const std::lock_guard lock(g_mutex);
  g_limit += bytes;
  ++g_releases;
  std::free(block);
}

class MemoryPoolTest : public testing::Test {
 protected:
  void SetUp() override {
    g_allocations = 0;
    g_releases = 0;
    g_limit = std::size_t{1} << 30U;
  }
  static constexpr MemoryPool::Source kSource{counted_allocate, counted_release};
};

TEST_F(MemoryPoolTest, ReturnedBlocksAreUsedAgain) {
  MemoryPool pool(kSource);
  void* first = pool.take(1000);
  pool.give(first, 1000);
  void* second = pool.take(1000);
  EXPECT_EQ(first, second);
  EXPECT_EQ(g_allocations, 1);
  pool.give(second, 1000);
}

TEST_F(MemoryPoolTest, BlocksInUseAreNotShared) {
  MemoryPool pool(kSource);
  void* first = pool.take(512);
  void* second = pool.take(512);
  EXPECT_NE(first, second);
  pool.give(first, 512);
  pool.give(second, 512);
}

TEST_F(MemoryPoolTest, BlocksAreAsLargeAsAskedAndWasteAtMostAnEighth) {
  MemoryPool pool(kSource);
  for (std::size_t bytes = 1; bytes < 100000; bytes += 37) {
    void* block = pool.take(bytes);
    EXPECT_GE(pool.in_use(), bytes);
    if (bytes > 256) {
      EXPECT_LE(pool.in_use(), bytes + bytes / 8 + 1);
    }
    pool.give(block, bytes);
  }
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST_F(MemoryPoolTest, PeakRemembersTheMostUntilReset) {
  MemoryPool pool(kSource);
  void* a = pool.take(4096);
  void* b = pool.take(8192);
  const std::size_t most = pool.in_use();
  pool.give(b, 8192);
  EXPECT_EQ(pool.peak(), most);
  pool.reset_peak();
  EXPECT_EQ(pool.peak(), pool.in_use());
  pool.give(a, 4096);
}

TEST_F(MemoryPoolTest, TrimGivesCachedBlocksBack) {
  MemoryPool pool(kSource);
  pool.give(pool.take(1000), 1000);
  pool.trim();
  EXPECT_EQ(g_releases, 1);
}

TEST_F(MemoryPoolTest, TrimKeepsSmallBlocksUpToALimit) {
  MemoryPool pool(kSource);
  void* large = pool.take(1U << 20U);
  void* small = pool.take(4096);
  pool.give(large, 1U << 20U);
  pool.give(small, 4096);
  pool.trim(8192);
  EXPECT_EQ(g_releases, 1);
  EXPECT_EQ(pool.take(4096), small);
  pool.give(small, 4096);
}

TEST_F(MemoryPoolTest, BlocksAreKeptOnTheWayWhereAReleaseWaits) {
  for (const bool waits : {false, true}) {
    MemoryPool::Source source = kSource;
    source.release_waits = waits;
    MemoryPool pool(source);
    pool.give(pool.take(1000), 1000);
    g_releases = 0;
    pool.trim_on_the_way(0);
    EXPECT_EQ(g_releases, waits ? 0 : 1);
    pool.trim();
    EXPECT_EQ(g_releases, 1);
  }
}

TEST_F(MemoryPoolTest, DestructionGivesCachedBlocksBack) {
  {
    MemoryPool pool(kSource);
    pool.give(pool.take(1000), 1000);
  }
  EXPECT_EQ(g_releases, g_allocations);
}

TEST_F(MemoryPoolTest, GivesCachedBlocksBackBeforeItRunsOutOfMemory) {
  g_limit = 1U << 20U;
  MemoryPool pool(kSource);
  pool.give(pool.take(700000), 700000);
  void* block = pool.take(500000);  // fits only if the cached block goes first
  EXPECT_NE(block, nullptr);
  pool.give(block, 500000);
}

TEST_F(MemoryPoolTest, ReportsWhenThereIsNoMemory) {
  g_limit = 1000;
  MemoryPool pool(kSource);
  try {
    pool.take(1U << 20U);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::out_of_memory);
  }
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST_F(MemoryPoolTest, MayBeUsedFromManyThreads) {
  MemoryPool pool(kSource);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool] {
      for (std::size_t i = 1; i < 500; ++i) pool.give(pool.take(i * 10), i * 10);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.in_use(), 0U);
}

}  // namespace
}  // namespace sagitta
