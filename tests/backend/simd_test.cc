#include "sagitta/backend/cpu/simd.h"

#include "sagitta/core/dtype.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <numbers>
#include <vector>

namespace sagitta::cpu {
namespace {

double relative(double got, double want) { return std::abs(got - want) / std::abs(want); }

TEST(Simd, ExpIsAccurateOverItsRange) {
  for (float x = -86.5F; x < 88.6F; x += 0.0137F) {
    ASSERT_LT(relative(exp(x), std::exp(static_cast<double>(x))), 3e-7) << x;
  }
}

TEST(Simd, ExpEndsInZeroAndInfinity) {
  EXPECT_EQ(exp(0), 1.0F);
  EXPECT_EQ(exp(-90), 0.0F);
  EXPECT_EQ(exp(-std::numeric_limits<float>::infinity()), 0.0F);
  EXPECT_EQ(exp(-1e30F), 0.0F);
  EXPECT_GT(exp(88.7F), 3e38F);
  EXPECT_EQ(exp(89), std::numeric_limits<float>::infinity());
  EXPECT_EQ(exp(std::numeric_limits<float>::infinity()), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(exp(std::nanf(""))));
}

TEST(Simd, GeluIsAccurateAlsoInItsLowerTail) {
  for (float x = -8; x < 8; x += 0.00317F) {
    const double want = 0.5 * x * std::erfc(-static_cast<double>(x) / std::numbers::sqrt2);
    ASSERT_LT(relative(gelu(x), want), 3e-6) << x;
  }
  EXPECT_EQ(gelu(0), 0.0F);
  EXPECT_EQ(gelu(100), 100.0F);
  EXPECT_EQ(gelu(-100), 0.0F);
  EXPECT_TRUE(std::isnan(gelu(std::nanf(""))));
}

TEST(Simd, ShortGeluIsAccurateEnoughForBf16) {
  for (float x = -5.5F; x < 8; x += 0.00317F) {
    const double want = 0.5 * x * std::erfc(-static_cast<double>(x) / std::numbers::sqrt2);
    ASSERT_LT(relative(short_gelu(x), want), 8e-4) << x;
  }
  for (float x = -100; x < -5.5F; x += 0.1F) ASSERT_NEAR(short_gelu(x), 0, 2e-7) << x;
  EXPECT_EQ(short_gelu(0), 0.0F);
  EXPECT_EQ(short_gelu(100), 100.0F);
  EXPECT_EQ(short_gelu(1e30F), 1e30F);
  EXPECT_TRUE(std::isnan(short_gelu(std::nanf(""))));
}

TEST(Simd, ShortSiluIsAccurateEnoughForBf16) {
  for (float x = -80; x < 100; x += 0.00317F) {
    const double wide = x;
    ASSERT_LT(relative(short_silu(x), wide / (1 + std::exp(-wide))), 5e-4) << x;
  }
  for (float x = -1000; x < -80; x += 0.7F) ASSERT_NEAR(short_silu(x), 0, 1e-30) << x;
  EXPECT_EQ(short_silu(0), 0.0F);
  EXPECT_LT(relative(short_silu(1e30F), 1e30), 5e-4);
  EXPECT_TRUE(std::isnan(short_silu(std::nanf(""))));
}

TEST(Simd, SigmoidFunctionsAreAccurate) {
  for (float x = -40; x < 40; x += 0.0171F) {
    const double wide = x;
    ASSERT_LT(relative(silu(x), wide / (1 + std::exp(-wide))), 1e-6) << x;
    ASSERT_LT(relative(quick_gelu(x), wide / (1 + std::exp(-1.702 * wide))), 5e-6) << x;
  }
  EXPECT_EQ(silu(1000), 1000.0F);
  EXPECT_EQ(silu(-1000), 0.0F);
}

TEST(Simd, Bf16StoreRoundsAsCoreDoes) {
  // Every upper half with lower halves around the tie.
  for (std::uint32_t high = 0; high < 0x10000U; ++high) {
    for (const std::uint32_t low : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
      const float value = std::bit_cast<float>(high << 16U | low);
      Bf16 got{};
      store(value, &got);
      ASSERT_EQ(got.bits, f32_to_bf16(value)) << std::hex << (high << 16U | low);
    }
  }
}

struct Doubled {
  [[gnu::always_inline]] static void run(const float* x, float* out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = 2 * x[i];
  }
};

TEST(Simd, BestInstructionSetRunsTheBody) {
  std::vector<float> x(101, 1.5F);
  std::vector<float> out(101);
  for_best_isa<Doubled>(x.data(), out.data(), std::int64_t{101});
  for (const float value : out) EXPECT_EQ(value, 3);
}

TEST(ParallelRanges, CoverEveryItemOnce) {
  for (const std::int64_t count : {0, 1, 7, 8, 9, 100}) {
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
    parallel_ranges(count, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
    });
    for (const auto& times : seen) EXPECT_EQ(times, 1);
  }
}

}  // namespace
}  // namespace sagitta::cpu
