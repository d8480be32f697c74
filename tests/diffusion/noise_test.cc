#include "sagitta/diffusion/noise.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/brownian_tree.h"
#include "support/golden.h"

#include <gtest/gtest.h>

namespace sagitta {
namespace {

TEST(PrepareNoise, EqualsUpstreamWithAndWithoutBatchIndex) {
  const Golden golden("rng/prepare_noise.safetensors");
  for (const Json& test : golden.params()["cases"]) {
    std::vector<std::int64_t> batch_index;
    if (!test["batch_index"].is_null())
      batch_index = test["batch_index"].get<decltype(batch_index)>();
    const Array noise =
        prepare_noise(test["seed"].get<std::uint64_t>(), test["shape"].get<Shape>(), batch_index);
    const auto key = test["key"].get<std::string>();
    EXPECT_LE(max_difference(noise.values(), golden.raw<float>(key)), 1e-6) << key;
  }
}

TEST(PrepareNoise, RejectsIndicesThatDoNotFit) {
  const std::vector<std::int64_t> two{0, 1};
  EXPECT_THROW(static_cast<void>(prepare_noise(1, {3, 4}, two)), Error);
  EXPECT_THROW(static_cast<void>(prepare_noise(1, {2, 4}, std::vector<std::int64_t>{0, -1})),
               Error);
  EXPECT_THROW(static_cast<void>(prepare_noise(1, {2, 4}, std::vector<std::int64_t>{0, 1LL << 40})),
               Error);
}

TEST(StepNoise, DrawsOneAfterTheOtherFromSeedPlusOne) {
  StepNoise noise(7, {2, 10});
  TorchRng rng(8);
  for (int draw = 0; draw < 3; ++draw) {
    std::vector<float> expected(20);
    rng.randn(std::span<float>(expected));
    EXPECT_EQ(max_difference(noise().values(), expected), 0);
  }
}

TEST(BrownianTree, EqualsUpstream) {
  const Golden golden("rng/brownian_tree.safetensors");
  for (const Json& test : golden.params()["cases"]) {
    const BrownianTree tree(test["seed"].get<std::uint64_t>(), test["shape"].get<Shape>(),
                            test["sigma_min"].get<float>(), test["sigma_max"].get<float>());
    const Json& queries = test["queries"];
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const Array noise = tree.noise(queries[q][0].get<float>(), queries[q][1].get<float>());
      const std::string key = "noise" + test["i"].dump() + "_" + std::to_string(q);
      EXPECT_LE(max_difference(noise.values(), golden.raw<float>(key)), 1e-5) << key;
    }
  }
}

TEST(BrownianTree, NoiseOfAnIntervalIsTheSumOfItsParts) {
  const BrownianTree tree(3, {1, 4, 8, 8}, 0.1, 10);
  // Undo the division by sqrt(length): 9 = 6 + 3 in length.
  Array whole = tree.noise(10, 1) * 3.0F;
  Array parts = tree.noise(10, 4) * std::sqrt(6.0F) + tree.noise(4, 1) * std::sqrt(3.0F);
  EXPECT_LE(max_difference(whole.values(), parts.values()), 1e-5);
}

TEST(BrownianTree, DirectionTurnsTheSign) {
  const BrownianTree tree(3, {16}, 0.1, 10);
  const Array up = tree.noise(1, 2);
  const Array down = tree.noise(2, 1) * -1.0F;
  EXPECT_EQ(max_difference(up.values(), down.values()), 0);
}

TEST(BrownianTree, TimesOutsideAreClamped) {
  const BrownianTree tree(3, {16}, 0.1, 10);
  EXPECT_EQ(max_magnitude(tree.noise(20, 15).values()), 0);
}

TEST(BrownianTree, SurvivesHugeIntervals) {
  const BrownianTree tree(3, {16}, 1e-6, 1e20);
  const Array noise = tree.noise(1e20F, 1.0F);
  EXPECT_TRUE(std::isfinite(max_magnitude(noise.values())));
  EXPECT_TRUE(std::isfinite(max_magnitude(tree.noise(3.0F, 1.0F).values())));
}

TEST(BrownianTree, NeedsAnInterval) { EXPECT_THROW(BrownianTree(1, {4}, 2, 2), Error); }

}  // namespace
}  // namespace sagitta
