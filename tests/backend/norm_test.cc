#include "sagitta/ops/norm.h"

#include "backend/twin.h"

namespace sagitta {
namespace {

struct GroupCase {
  Shape x;  // (B, H, W, C)
  int groups;
  float mean = 0;
  float deviation = 1;
};

const std::vector<GroupCase> kGroupCases{
    {{1, 1, 1, 1}, 1},      {{1, 1, 1, 64}, 32},       {{2, 8, 8, 32}, 32},
    {{3, 5, 7, 6}, 3},      {{1, 9, 1, 40}, 1},        {{2, 13, 17, 96}, 32, 0.5F, 3},
    {{1, 70, 131, 32}, 16}, {{1, 100, 100, 3}, 3, -4}, {{2, 16, 16, 320}, 32, 0, 1e-3F},
    {{1, 9, 9, 2560}, 32},  {{2, 3, 4, 1283}, 1},      {{70000, 1, 1, 16}, 4},
};

class NormTwin : public TwinTest {};

TEST_P(NormTwin, GroupNormAgrees) {
  for (const GroupCase& c : kGroupCases) {
    for (const bool silu : {false, true}) {
      SCOPED_TRACE(to_string(c.x) + (silu ? " with silu" : ""));
      expect_twins([&](Side& side) {
        const Tensor x = side.tensor(c.x, c.mean, c.deviation);
        const Weight gamma = side.weight(WeightUse::vector, {c.x[3]}, 1);
        const Weight beta = side.weight(WeightUse::vector, {c.x[3]});
        return ops::group_norm(x, gamma, beta, {.groups = c.groups, .eps = 1e-6F, .silu = silu});
      });
    }
  }
}

TEST_P(NormTwin, LayerNormAgrees) {
  for (const Shape& shape : {Shape{1}, Shape{7}, Shape{1, 1, 1}, Shape{2, 77, 48}, Shape{5, 33},
                             Shape{2, 64, 320}, Shape{1, 3, 1283}}) {
    SCOPED_TRACE(to_string(shape));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(shape, 0.5F, 2);
      const Weight gamma = side.weight(WeightUse::vector, {shape.back()}, 1);
      const Weight beta = side.weight(WeightUse::vector, {shape.back()});
      return ops::layer_norm(x, gamma, beta);
    });
  }
}

// With a mean a thousand times the deviation, naive sums of squares in f32 have no correct digit.
TEST_P(NormTwin, LargeMeanKeepsTheDeviation) {
  if (GetParam().compute == DType::bf16) GTEST_SKIP() << "bf16 cannot hold these values";
  Side side(device(), DType::f32);
  const Tensor x = side.tensor({1, 32, 32, 32}, 1000, 1);
  const Weight one = side.weight(WeightUse::vector, {32}, 1, 0);
  const Weight zero = side.weight(WeightUse::vector, {32}, 0, 0);
  for (const Tensor& normal :
       {ops::group_norm(x, one, zero, {.groups = 4}),
        ops::layer_norm(x.reshaped({1, 32 * 32 * 32}),
                        side.weight(WeightUse::vector, {32 * 32 * 32}, 1, 0),
                        side.weight(WeightUse::vector, {32 * 32 * 32}, 0, 0))}) {
    const Array array = download(normal);
    double squares = 0;
    for (const float value : array.values()) squares += value * value;
    EXPECT_NEAR(squares / (32 * 32 * 32), 1, 1e-3);
  }
}

TEST_P(NormTwin, ResultDoesNotDependOnTheNumberOfThreads) {
  std::vector<Array> results;
  for (const int threads : {1, 3}) {
    const auto opened =
        open_device(GetParam().device, {.compute = GetParam().compute, .threads = threads});
    Side side(*opened, GetParam().compute);
    const Tensor x = side.tensor({2, 33, 65, 64});
    const Weight gamma = side.weight(WeightUse::vector, {64});
    const Weight beta = side.weight(WeightUse::vector, {64});
    results.push_back(download(ops::group_norm(x, gamma, beta, {.silu = true})));
  }
  EXPECT_EQ(relative_error(results[0], results[1]), 0);
}

INSTANTIATE_TEST_SUITE_P(Targets, NormTwin, testing::ValuesIn(twin_targets()), target_name);

}  // namespace
}  // namespace sagitta
