#include "sagitta/ops/linear.h"

#include "backend/twin.h"

namespace sagitta {
namespace {

struct Case {
  Shape x;  // (..., K)
  std::int64_t features;
};

const std::vector<Case> kSmallCases{{{3, 5, 7}, 9}, {{2, 33, 48}, 48}, {{2, 33, 64}, 96}};

const std::vector<Case> kCases{
    {{1, 1}, 1},
    {{7}, 3},
    {{1, 32}, 128},
    {{2, 77, 48}, 48},
    {{3, 5, 7}, 9},
    {{2, 64, 320}, 40},
    {{2, 3, 4, 33}, 129},
    {{1, 257, 768}, 64},
    // Whole tiles of weights, with few and with many rows and columns.
    {{5, 32}, 32},
    {{2, 64, 96}, 64},
    {{3, 111, 64}, 352},
};

class LinearTwin : public TwinTest {};

TEST_P(LinearTwin, PlainAgrees) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(to_string(c.x));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(c.x);
      const Weight weight = side.weight(WeightUse::linear, {c.features, c.x.back()});
      return ops::linear(x, weight);
    });
  }
}

TEST_P(LinearTwin, EveryActivationAndCombinationOfAddendsAgrees) {
  for (const Activation activation :
       {Activation::none, Activation::silu, Activation::gelu, Activation::quick_gelu}) {
    for (const Case& c : kSmallCases) {
      for (int addends = 0; addends < 4; ++addends) {
        SCOPED_TRACE(to_string(c.x) + " activation " +
                     std::to_string(static_cast<int>(activation)) + " addends " +
                     std::to_string(addends));
        expect_twins([&](Side& side) {
          const Tensor x = side.tensor(c.x);
          const Weight weight = side.weight(WeightUse::linear, {c.features, c.x.back()}, 0, 0.3F);
          const Weight bias = side.weight(WeightUse::vector, {c.features}, 1);
          Shape shape = c.x;
          shape.back() = c.features;
          const Tensor residual = side.tensor(shape, 2);
          return ops::linear(x, weight,
                             {.bias = (addends & 1) != 0 ? &bias : nullptr,
                              .residual = (addends & 2) != 0 ? &residual : nullptr,
                              .activation = activation});
        });
      }
    }
  }
}

TEST_P(LinearTwin, GegluAgrees) {
  for (const Case& c : kCases) {
    for (const bool with_bias : {false, true}) {
      SCOPED_TRACE(to_string(c.x) + (with_bias ? " with bias" : ""));
      expect_twins([&](Side& side) {
        const Tensor x = side.tensor(c.x);
        const Weight weight = side.weight(WeightUse::geglu, {2 * c.features, c.x.back()}, 0, 0.3F);
        const Weight bias = side.weight(WeightUse::vector, {2 * c.features}, 1);
        return ops::linear_geglu(x, weight, {.bias = with_bias ? &bias : nullptr});
      });
    }
  }
}

// More rows than go through at once.
TEST_P(LinearTwin, FeedForwardAgrees) {
  for (const Shape& shape : {Shape{2, 3, 20}, Shape{2, 1030, 32}}) {
    for (int addends = 0; addends < 4; ++addends) {
      SCOPED_TRACE(to_string(shape) + " addends " + std::to_string(addends));
      expect_twins([&](Side& side) {
        const std::int64_t width = shape.back();
        const Tensor x = side.tensor(shape);
        const Weight gated = side.weight(WeightUse::geglu, {8 * width, width}, 0, 0.2F);
        const Weight weight = side.weight(WeightUse::linear, {width, 4 * width}, 0, 0.1F);
        const Weight gated_bias = side.weight(WeightUse::vector, {8 * width});
        const Weight bias = side.weight(WeightUse::vector, {width});
        const Tensor residual = side.tensor(shape);
        const bool biased = (addends & 1) != 0;
        return ops::feed_forward(x, gated, weight,
                                 {.gated_bias = biased ? &gated_bias : nullptr,
                                  .bias = biased ? &bias : nullptr,
                                  .residual = (addends & 2) != 0 ? &residual : nullptr});
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, LinearTwin, testing::ValuesIn(twin_targets()), target_name);

}  // namespace
}  // namespace sagitta
