#include "sagitta/core/profiled_op.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

namespace sagitta {
namespace {

constexpr std::chrono::milliseconds kWork{20};

// A device that is busy for a while, and knows how often it was waited for.
struct Busy {
  int waits = 0;
  std::chrono::steady_clock::time_point until;
};

class ProfiledOpTest : public testing::Test {
 protected:
  // As an op that returns at once.
  void issue() { device_.context<Busy>().until = std::chrono::steady_clock::now() + kWork; }
  [[nodiscard]] double seconds_of(OpKind kind) { return device_.profile().of(kind).seconds; }
  [[nodiscard]] int waits() const { return device_.context<Busy>().waits; }

  Device device_{"busy", DType::f32, kernels(), memory(), std::make_shared<Busy>()};

 private:
  static const Kernels& kernels() {
    static const Kernels table = [] {
      Kernels kernels{};
      kernels.finish = [](Device& device) {
        Busy& busy = device.context<Busy>();
        ++busy.waits;
        std::this_thread::sleep_until(busy.until);
      };
      return kernels;
    }();
    return table;
  }
  static MemoryPool::Source memory() {
    return {.allocate = [](std::size_t bytes) { return std::malloc(bytes); },
            .release = [](void* block, std::size_t) { std::free(block); }};
  }
};

TEST_F(ProfiledOpTest, WaitsForItsOwnWork) {
  device_.profile().start();
  {
    const ProfiledOp op(device_, OpKind::linear, 7);
    issue();
  }
  EXPECT_GE(seconds_of(OpKind::linear), std::chrono::duration<double>(kWork).count());
  EXPECT_EQ(device_.profile().of(OpKind::linear).calls, 1U);
  EXPECT_EQ(device_.profile().of(OpKind::linear).flops, 7);
}

TEST_F(ProfiledOpTest, IsNotChargedWhatWasIssuedBefore) {
  device_.profile().start();
  issue();
  const auto begun = device_.context<Busy>().until;
  { const ProfiledOp op(device_, OpKind::norm); }
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(seconds_of(OpKind::norm), since.count());
}

TEST_F(ProfiledOpTest, DoesNotWaitUnlessTheProfileIsOn) {
  { const ProfiledOp op(device_, OpKind::norm); }
  EXPECT_EQ(waits(), 0);
  EXPECT_EQ(device_.profile().sum().calls, 0U);
}

}  // namespace
}  // namespace sagitta
