#include "backend/twin.h"
#include "sagitta/ops/attention.h"

namespace sagitta {
namespace {

struct Case {
  std::int64_t batch;
  std::int64_t queries;
  std::int64_t keys;
  int heads;
  std::int64_t head_size;
};

const std::vector<Case> kCases{
    {1, 1, 1, 1, 1},      {2, 64, 64, 8, 4},   {1, 100, 77, 8, 40},
    {2, 77, 77, 3, 16},   {1, 5, 131, 2, 7},   {3, 257, 33, 1, 80},
    {1, 16, 300, 2, 160}, {1, 40, 40, 1, 512}, {1, 144, 1, 5, 64},
};

class AttentionTwin : public TwinTest {
 protected:
  static ops::ObservedAttention observe(Side& side, const Case& c, bool causal) {
    const std::int64_t channels = c.heads * c.head_size;
    const Tensor q = side.tensor({c.batch, c.queries, channels});
    const Tensor k = side.tensor({c.batch, c.keys, channels});
    const Tensor v = side.tensor({c.batch, c.keys, channels});
    return ops::observed_attention(q, k, v, {.heads = c.heads, .causal = causal});
  }

  static std::string describe(const Case& c, bool causal) {
    return std::to_string(c.queries) + " queries, " + std::to_string(c.keys) + " keys, " +
           std::to_string(c.heads) + " heads of " + std::to_string(c.head_size) +
           (causal ? ", causal" : "");
  }
};

TEST_P(AttentionTwin, OutputAgrees) {
  for (const Case& c : kCases) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(describe(c, causal));
      expect_twins([&](Side& side) {
        const std::int64_t channels = c.heads * c.head_size;
        const Tensor q = side.tensor({c.batch, c.queries, channels});
        const Tensor k = side.tensor({c.batch, c.keys, channels});
        const Tensor v = side.tensor({c.batch, c.keys, channels});
        return ops::attention(q, k, v, {.heads = c.heads, .causal = causal});
      });
    }
  }
}

TEST_P(AttentionTwin, ObservedOutputAgrees) {
  for (const Case& c : kCases) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(describe(c, causal));
      expect_twins([&](Side& side) { return observe(side, c, causal).out; });
    }
  }
}

TEST_P(AttentionTwin, ReceivedAttentionAgrees) {
  for (const Case& c : kCases) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(describe(c, causal));
      expect_twins([&](Side& side) { return observe(side, c, causal).received; });
    }
  }
}

TEST_P(AttentionTwin, GivenScaleAgrees) {
  expect_twins([&](Side& side) {
    const Tensor q = side.tensor({1, 30, 24});
    const Tensor k = side.tensor({1, 20, 24});
    const Tensor v = side.tensor({1, 20, 24});
    return ops::attention(q, k, v, {.heads = 3, .scale = 0.05F});
  });
}

// Logits in the hundreds: the softmax must subtract the largest first.
// In f32 a logit of 1000 is known to 6e-5, and so is its weight.
TEST_P(AttentionTwin, LargeLogitsDoNotOverflow) {
  constexpr double kSlack = 3;
  expect_twins(
      [&](Side& side) {
        const Tensor q = side.tensor({1, 20, 16}, 0, 20);
        const Tensor k = side.tensor({1, 50, 16}, 0, 20);
        const Tensor v = side.tensor({1, 50, 16});
        return ops::attention(q, k, v, {.heads = 2});
      },
      kSlack);
}

INSTANTIATE_TEST_SUITE_P(Targets, AttentionTwin, testing::ValuesIn(twin_targets()), target_name);

}  // namespace
}  // namespace sagitta
