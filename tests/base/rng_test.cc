#include "sagitta/base/rng.h"

#include "sagitta/core/shape.h"
#include "support/golden.h"

#include <gtest/gtest.h>

#include <array>

namespace sagitta {
namespace {

std::uint64_t seed_of(const Json& text) { return std::stoull(text.get<std::string>()); }

class TorchRngGolden : public ::testing::Test {
 protected:
  template <class T>
  static std::vector<T> draw(TorchRng& rng, std::size_t count) {
    std::vector<T> values(count);
    rng.randn(std::span<T>(values));
    return values;
  }

  Golden golden_{"rng/torch_cpu.safetensors"};
};

TEST_F(TorchRngGolden, NormalsOfEverySizeEqualUpstream) {
  for (const Json& seed : golden_.params()["seeds"]) {
    for (const Json& size : golden_.params()["sizes"]) {
      const auto shape = size.get<Shape>();
      const std::string name = "randn/seed" + seed.get<std::string>() + "/" + to_string(shape);
      TorchRng rng(seed_of(seed));
      const auto values = draw<float>(rng, static_cast<std::size_t>(element_count(shape)));
      const double tolerance = values.size() < 16 ? 0 : 1e-6;
      EXPECT_LE(max_difference(values, golden_.raw<float>(name)), tolerance) << name;
    }
  }
}

TEST_F(TorchRngGolden, UniformsAreExact) {
  for (const Json& seed : golden_.params()["seeds"]) {
    TorchRng rng(seed_of(seed));
    std::vector<float> values(20);
    rng.rand(std::span<float>(values));
    EXPECT_EQ(values, golden_.raw<float>("rand/seed" + seed.get<std::string>() + "/20"));
  }
}

TEST_F(TorchRngGolden, IntegersAreExact) {
  for (const Json& seed : golden_.params()["seeds"]) {
    TorchRng rng(seed_of(seed));
    for (const auto expected :
         golden_.raw<std::int64_t>("bits/seed" + seed.get<std::string>() + "/i64_lt_2pow31")) {
      EXPECT_EQ(rng.below(std::uint64_t{1} << 31U), static_cast<std::uint64_t>(expected));
    }
  }
}

TEST_F(TorchRngGolden, DoubleNormalsEqualUpstream) {
  for (const Json& seed : golden_.params()["seeds"]) {
    for (const std::size_t count : {5U, 20U}) {
      TorchRng rng(seed_of(seed));
      const auto values = draw<double>(rng, count);
      const auto expected = golden_.raw<double>("randn_f64/seed" + seed.get<std::string>() + "/" +
                                                std::to_string(count) + "_f64");
      for (std::size_t i = 0; i < count; ++i) EXPECT_NEAR(values[i], expected[i], 1e-12) << count;
    }
  }
}

TEST_F(TorchRngGolden, SecondValueOfPairWaitsThroughLargeDraws) {
  for (const Json& seed : golden_.params()["seeds"]) {
    TorchRng rng(seed_of(seed));
    for (const auto& [name, count] :
         {std::pair{"a5", 5U}, std::pair{"b20", 20U}, std::pair{"c3", 3U}, std::pair{"d16", 16U}}) {
      const std::string key = "sequence/seed" + seed.get<std::string>() + "/" + name;
      EXPECT_LE(max_difference(draw<float>(rng, count), golden_.raw<float>(key)), 1e-6) << key;
    }
  }
}

TEST(TorchRng, OnlyLow32BitsOfSeedCount) {
  TorchRng low(5);
  TorchRng high(5 + (std::uint64_t{7} << 32U));
  EXPECT_EQ(low.next_u64(), high.next_u64());
}

TEST(TorchRng, WideRangesUseBothWords) {
  TorchRng words(3);
  TorchRng wide(3);
  const std::uint64_t range = (std::uint64_t{1} << 40U) + 1;
  EXPECT_EQ(wide.below(range), words.next_u64() % range);
}

// The state that numpy gives for SeedSequence(0).
TEST(SeedSequence, EqualsNumpyWithoutKey) {
  EXPECT_EQ(seed_sequence(0, {}, 4, 4),
            (std::vector<std::uint32_t>{2968811710, 3677149159, 745650761, 2884920346}));
}

TEST(SeedSequence, KeyAndEntropyAreKeptApart) {
  const std::array<std::uint64_t, 1> key{1};
  EXPECT_NE(seed_sequence(5, key, 4, 1), seed_sequence(5 + (std::uint64_t{1} << 32U), {}, 4, 1));
}

}  // namespace
}  // namespace sagitta
