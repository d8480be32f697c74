#include "sagitta/backend/cpu/attention_bf16_weights.h"
#include "sagitta/backend/cpu/attention_path.h"
#include "sagitta/core/dtype.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <random>
#include <utility>
#include <vector>

namespace sagitta::cpu {
namespace {

// Weights 2^x made with integers, of x in the middle of a doubling and far below.
TEST(AttentionBf16Weights, AreAsAccurateAsTheyClaim) {
  double squares = 0;
  double sum = 0;
  int count = 0;
  for (float x = -20; x < 8; x += 0.00173F) {
    const float steps = bf16::kWeightOne + bf16::kSteps * x;
    const __m512i got = bf16::weights(_mm512_set1_ps(steps), _mm512_set1_ps(steps));
    std::uint16_t halves[32];
    std::memcpy(halves, &got, sizeof(halves));
    for (const std::uint16_t half : halves) ASSERT_EQ(half, halves[0]);
    const double error = bf16_to_f32(halves[0]) / std::exp2(static_cast<double>(x)) - 1;
    ASSERT_LT(std::abs(error), 0.008) << x;
    squares += error * error;
    sum += error;
    ++count;
  }
  EXPECT_LT(std::sqrt(squares / count), 0.00245);
  EXPECT_LT(std::abs(sum / count), 1e-4);
}

TEST(AttentionBf16Weights, AreZeroFarBelow) {
  const float low = -std::numeric_limits<float>::infinity();
  const __m512i got = bf16::weights(_mm512_set1_ps(low), _mm512_set1_ps(-1e9F));
  std::uint16_t halves[32];
  std::memcpy(halves, &got, sizeof(halves));
  EXPECT_TRUE(std::all_of(std::begin(halves), std::end(halves), [](auto h) { return h == 0; }));
}

struct Heads {
  const AttentionPath* path;
  std::int64_t queries;
  std::int64_t keys;
  std::int64_t size;
  bool causal = false;
  float spread = 1;  // deviation of the queries
};

void PrintTo(const Heads& h, std::ostream* out) {
  *out << h.path->name << ", " << h.queries << " queries, " << h.keys << " keys of " << h.size
       << (h.causal ? ", causal" : "") << ", spread " << h.spread;
}

// One sample of two heads.
class AttentionBf16 : public testing::TestWithParam<Heads> {
 protected:
  static constexpr std::int64_t kHeads = 2;

  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  static std::vector<std::uint16_t> noise(std::int64_t count, float spread, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, spread);
    std::vector<std::uint16_t> values(size(count));
    for (auto& value : values) value = f32_to_bf16(normal(random));
    return values;
  }

  AttentionBf16() {
    const Heads& h = GetParam();
    q_ = noise(h.queries * kHeads * h.size, h.spread, 1);
    k_ = noise(h.keys * kHeads * h.size, 1, 2);
    v_ = noise(h.keys * kHeads * h.size, 1, 3);
  }

  // Room for a kernel's work.
  class Scratch {
   public:
    explicit Scratch(std::size_t bytes) : room_(bytes + kAttentionAlignment) {}
    std::byte* data() {
      void* aligned = room_.data();
      std::size_t left = room_.size();
      std::align(kAttentionAlignment, room_.size() - kAttentionAlignment, aligned, left);
      return static_cast<std::byte*>(aligned);
    }

   private:
    std::vector<std::byte> room_;
  };

  // Fills received_ as well, (head, key).
  std::vector<float> attend() {
    const Heads& h = GetParam();
    std::vector<std::uint16_t> out(q_.size());
    std::vector<float> row_max(size(kHeads * h.queries));
    std::vector<float> row_weight(row_max.size());
    const AttentionProblem problem{.q = q_.data(),
                                   .k = k_.data(),
                                   .v = v_.data(),
                                   .out = out.data(),
                                   .queries = h.queries,
                                   .keys = h.keys,
                                   .heads = kHeads,
                                   .head_size = h.size,
                                   .scale = scale(),
                                   .causal = h.causal,
                                   .row_max = row_max.data(),
                                   .row_weight = row_weight.data()};
    const AttentionPath& path = *h.path;
    const std::int64_t rows = path.block_rows;
    const std::int64_t blocks = (h.queries + rows - 1) / rows;
    Scratch scratch(path.attend_scratch(problem, blocks));
    for (std::int64_t head = 0; head < kHeads; ++head) {
      const std::int64_t middle = head == 0 ? 0 : blocks / 2;  // one head in two parts
      for (const auto& [begin, end] : {std::pair{std::int64_t{0}, middle}, {middle, blocks}}) {
        if (begin == end) continue;
        path.attend(problem, {.sample = 0, .head = head, .begin = begin, .end = end},
                    scratch.data());
      }
    }
    received_.assign(size(kHeads * h.keys), -1);
    Scratch receiving(path.receive_scratch(problem, h.keys));
    for (std::int64_t head = 0; head < kHeads; ++head) {
      // In two parts.
      for (const auto& [begin, end] :
           {std::pair{std::int64_t{0}, h.keys / 2}, {h.keys / 2, h.keys}}) {
        path.receive(problem, {.sample = 0, .head = head, .begin = begin, .end = end},
                     receiving.data(), received_.data() + head * h.keys + begin);
      }
    }
    std::vector<float> values;
    for (const std::uint16_t one : out) values.push_back(bf16_to_f32(one));
    return values;
  }

  [[nodiscard]] static float scale() { return 1 / std::sqrt(static_cast<float>(GetParam().size)); }

  [[nodiscard]] static double at(const std::vector<std::uint16_t>& rows, std::int64_t row,
                                 std::int64_t head, std::int64_t channel) {
    const std::int64_t length = GetParam().size;
    return bf16_to_f32(rows[size((row * kHeads + head) * length + channel)]);
  }

  // By the definition. Adds each key's weight to received.
  [[nodiscard]] std::vector<double> reference(std::int64_t query, std::int64_t head,
                                              std::vector<double>& received) const {
    const Heads& h = GetParam();
    std::vector<double> logits;
    for (std::int64_t key = 0; key < h.keys; ++key) {
      if (h.causal && key > query) break;
      double logit = 0;
      for (std::int64_t c = 0; c < h.size; ++c)
        logit += at(q_, query, head, c) * at(k_, key, head, c);
      logits.push_back(logit * scale());
    }
    const double largest = *std::max_element(logits.begin(), logits.end());
    double total = 0;
    std::vector<double> out(size(h.size));
    for (std::size_t key = 0; key < logits.size(); ++key) {
      const double weight = std::exp(logits[key] - largest);
      total += weight;
      for (std::int64_t c = 0; c < h.size; ++c) {
        out[size(c)] += weight * at(v_, static_cast<std::int64_t>(key), head, c);
      }
    }
    for (double& value : out) value /= total;
    for (std::size_t key = 0; key < logits.size(); ++key) {
      received[size(head * h.keys) + key] += std::exp(logits[key] - largest) / total;
    }
    return out;
  }

  std::vector<std::uint16_t> q_;
  std::vector<std::uint16_t> k_;
  std::vector<std::uint16_t> v_;
  std::vector<float> received_;
};

TEST_P(AttentionBf16, MatchesTheDefinition) {
  const Heads& h = GetParam();
  const std::vector<float> got = attend();
  std::vector<double> received(size(kHeads * h.keys));
  double errors = 0;
  double values = 0;
  for (std::int64_t query = 0; query < h.queries; ++query) {
    for (std::int64_t head = 0; head < kHeads; ++head) {
      const std::vector<double> want = reference(query, head, received);
      for (std::int64_t c = 0; c < h.size; ++c) {
        const double value = want[size(c)];
        const double error = got[size((query * kHeads + head) * h.size + c)] - value;
        ASSERT_LT(std::abs(error), 0.03) << "query " << query << ", channel " << c;
        errors += error * error;
        values += value * value;
      }
    }
  }
  EXPECT_LT(std::sqrt(errors / values), 0.005);
  for (std::size_t key = 0; key < received.size(); ++key) {
    ASSERT_NEAR(received_[key], received[key], 0.01 * received[key] + 1e-5) << key;
  }
}

TEST_P(AttentionBf16, NanAmongTheKeysSpoilsTheHead) {
  const Heads& h = GetParam();
  k_[size(h.size + 1)] = f32_to_bf16(std::numeric_limits<float>::quiet_NaN());  // key 0, head 1
  const std::vector<float> got = attend();
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::isnan(got[i]), i / size(h.size) % kHeads == 1) << i;
  }
}

TEST_P(AttentionBf16, NanStaysInItsQuery) {
  const Heads& h = GetParam();
  const std::vector<float> clean = attend();
  const std::int64_t query = h.queries / 2;
  q_[size(query * kHeads * h.size)] = f32_to_bf16(std::numeric_limits<float>::quiet_NaN());
  const std::vector<float> got = attend();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool spoiled = i / size(h.size) == size(query * kHeads);
    ASSERT_EQ(std::isnan(got[i]), spoiled) << i;
    if (!spoiled) {
      ASSERT_EQ(got[i], clean[i]) << i;
    }
  }
}

// Infinite logits have no softmax, and those of -infinity no weight.
TEST_P(AttentionBf16, InfinityAmongTheKeysSpoilsWhatItAttracts) {
  const Heads& h = GetParam();
  const std::int64_t key = h.keys - 1;
  for (std::int64_t c = 1; c < h.size; ++c) k_[size(key * kHeads * h.size + c)] = 0;
  k_[size(key * kHeads * h.size)] = f32_to_bf16(std::numeric_limits<float>::infinity());
  const std::vector<float> got = attend();
  for (std::int64_t query = 0; query < h.queries; ++query) {
    const bool seen = !h.causal || query >= key;
    const bool spoiled = seen && (at(q_, query, 0, 0) > 0 || h.keys == 1);
    ASSERT_EQ(std::isnan(got[size(query * kHeads * h.size)]), spoiled) << query;
    ASSERT_FALSE(std::isnan(got[size((query * kHeads + 1) * h.size)])) << query;
  }
}

// On each path.
std::vector<Heads> cases() {
  std::vector<Heads> all;
  for (const AttentionPath* path : {&kAttentionAmx, &kAttentionBf16Dot}) {
    all.insert(all.end(), {{path, 64, 64, 40},
                           {path, 1, 1, 8},
                           {path, 70, 77, 40},
                           {path, 33, 300, 64},
                           {path, 96, 520, 80},
                           {path, 40, 20, 160},
                           {path, 77, 77, 64, true},
                           {path, 35, 600, 40, false, 12},
                           // More than one group of keys.
                           {path, 40, 2100, 16},
                           {path, 1100, 1100, 8, true},
                           // Weights beyond the limit, at the beginning and later.
                           {path, 100, 300, 40, false, 300},
                           {path, 33, 1300, 80, false, 150},
                           {path, 150, 150, 24, true, 200},
                           // Logits beside which a doubling is lost in rounding.
                           {path, 40, 200, 40, false, 2e7F}});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Heads, AttentionBf16, testing::ValuesIn(cases()));

}  // namespace
}  // namespace sagitta::cpu
