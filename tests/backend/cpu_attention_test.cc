#include "sagitta/backend/cpu/attention.h"

#include "sagitta/backend/cpu/attention_path.h"
#include "sagitta/backend/cpu/attention_portable.h"
#include "sagitta/backend/cpu/attention_stream.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

#include <gmock/gmock.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace sagitta::cpu {
namespace {

// Pairs of bf16 by portable code, so that the walk with pairs is tested on all processors. The
// weights of AVX512_BF16 itself are tested against a model of its instructions (amx/).
struct EmulatedBf16Dot : Portable {
  using Word = std::uint32_t;
  using Operand = Bits;
  static constexpr int kDepth = 2;

  static Operand words(const Word* from) { return reinterpret_cast<Operand>(load(from)); }
  static Operand broadcast(const Word* from) { return Operand{*from, *from, *from, *from}; }
  static Vec dot(Operand a, Operand b, Vec sum) {
    const Vec odd = fma(high(a), high(b), sum);
    return fma(high(a << 16U), high(b << 16U), odd);
  }
  using Portable::store;
  static void store(void* to, Operand words) { std::memcpy(to, &words, sizeof words); }
  static Operand weights(const Vec (&s)[kDepth], Vec max, Vec& sum) {
    const Vec first = exp2<EmulatedBf16Dot>(s[0] - max);
    const Vec second = exp2<EmulatedBf16Dot>(s[1] - max);
    sum = sum + first + second;
    Operand words;
    for (int lane = 0; lane < kLanes; ++lane) {
      words[lane] =
          f32_to_bf16(first[lane]) | (static_cast<std::uint32_t>(f32_to_bf16(second[lane])) << 16U);
    }
    return words;
  }

 private:
  static Vec high(Operand pair) { return reinterpret_cast<Vec>(pair & 0xFFFF0000U); }
};

constexpr AttentionPath kEmulatedBf16Dot = attention_path<EmulatedBf16Dot, std::uint16_t>(
    "emulated bf16 dot", DType::bf16, [] { return true; });

std::vector<const AttentionPath*> usable_paths() {
  std::vector<const AttentionPath*> paths{&kEmulatedBf16Dot};
  for (const AttentionPath* path : attention_paths()) {
    if (path->usable()) paths.push_back(path);
  }
  return paths;
}

const Kernels kNoKernels{};

std::unique_ptr<Device> test_device() {
  const MemoryPool::Source memory{.allocate = [](std::size_t bytes) { return std::malloc(bytes); },
                                  .release = [](void* block, std::size_t) { std::free(block); }};
  return std::make_unique<Device>("test", DType::f32, kNoKernels, memory, nullptr);
}

struct Case {
  std::int64_t samples = 1;
  std::int64_t queries = 1;
  std::int64_t keys = 1;
  int heads = 1;
  std::int64_t size = 1;
  bool causal = false;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.samples << " x " << c.queries << " queries, " << c.keys << " keys, " << c.heads << " x "
       << c.size << (c.causal ? " causal" : "");
}

// Values as they are after rounding to dtype.
std::vector<float> random_values(std::int64_t count, float spread, DType dtype, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    value = normal(random);
    if (dtype == DType::bf16) value = bf16_to_f32(f32_to_bf16(value));
  }
  return values;
}

Tensor to_tensor(Device& device, const Shape& shape, const std::vector<float>& values,
                 DType dtype) {
  Tensor tensor(device, shape, dtype);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (dtype == DType::f32) {
      tensor.data<float>()[i] = values[i];
    } else {
      tensor.data<std::uint16_t>()[i] = f32_to_bf16(values[i]);
    }
  }
  return tensor;
}

std::vector<float> to_values(const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()));
  widen(tensor.data<std::byte>(), tensor.dtype(), values);
  return values;
}

struct Inputs {
  std::vector<float> q;
  std::vector<float> k;
  std::vector<float> v;
};

struct Result {
  std::vector<float> out;
  std::vector<float> received;
};

Inputs random_inputs(const Case& c, float spread, DType dtype) {
  const std::int64_t width = c.heads * c.size;
  return {.q = random_values(c.samples * c.queries * width, spread, dtype, 1),
          .k = random_values(c.samples * c.keys * width, spread, dtype, 2),
          .v = random_values(c.samples * c.keys * width, 1, dtype, 3)};
}

float scale_of(const Case& c) { return 1 / std::sqrt(static_cast<float>(c.size)); }

// The definition, in double precision.
Result by_definition(const Case& c, const Inputs& in) {
  const std::int64_t width = c.heads * c.size;
  Result result{.out = std::vector<float>(in.q.size()),
                .received = std::vector<float>(static_cast<std::size_t>(c.samples * c.keys))};
  const auto at = [&](const std::vector<float>& x, std::int64_t row, std::int64_t column) {
    return static_cast<double>(x[static_cast<std::size_t>(row * width + column)]);
  };
  for (std::int64_t b = 0; b < c.samples; ++b) {
    std::vector<double> received(static_cast<std::size_t>(c.keys));
    for (int h = 0; h < c.heads; ++h) {
      for (std::int64_t i = 0; i < c.queries; ++i) {
        std::vector<double> weights(
            static_cast<std::size_t>(c.causal ? std::min(i + 1, c.keys) : c.keys));
        for (std::size_t j = 0; j < weights.size(); ++j) {
          double dot = 0;
          for (std::int64_t d = h * c.size; d < (h + 1) * c.size; ++d) {
            dot += at(in.q, b * c.queries + i, d) *
                   at(in.k, b * c.keys + static_cast<std::int64_t>(j), d);
          }
          weights[j] = dot * static_cast<double>(scale_of(c));
        }
        const double max = *std::max_element(weights.begin(), weights.end());
        for (double& weight : weights) weight = std::exp(weight - max);
        const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        for (std::size_t j = 0; j < weights.size(); ++j) {
          weights[j] /= sum;
          received[j] += weights[j] / c.heads;
        }
        for (std::int64_t d = h * c.size; d < (h + 1) * c.size; ++d) {
          double value = 0;
          for (std::size_t j = 0; j < weights.size(); ++j) {
            value += weights[j] * at(in.v, b * c.keys + static_cast<std::int64_t>(j), d);
          }
          result.out[static_cast<std::size_t>((b * c.queries + i) * width + d)] =
              static_cast<float>(value);
        }
      }
    }
    for (std::size_t j = 0; j < received.size(); ++j) {
      result.received[static_cast<std::size_t>(b * c.keys) + j] = static_cast<float>(received[j]);
    }
  }
  return result;
}

Result run(const AttentionPath& path, const Case& c, const Inputs& in, bool with_received) {
  const auto device = test_device();
  const std::int64_t width = c.heads * c.size;
  const Tensor q = to_tensor(*device, {c.samples, c.queries, width}, in.q, path.dtype);
  const Tensor k = to_tensor(*device, {c.samples, c.keys, width}, in.k, path.dtype);
  const Tensor v = to_tensor(*device, {c.samples, c.keys, width}, in.v, path.dtype);
  Tensor out(*device, q.shape(), path.dtype);
  Tensor received(*device, {c.samples, c.keys}, DType::f32);
  attention_on(path,
               {.q = q,
                .k = k,
                .v = v,
                .heads = c.heads,
                .scale = scale_of(c),
                .causal = c.causal,
                .received = with_received ? &received : nullptr},
               out);
  return {.out = to_values(out),
          .received = with_received ? to_values(received) : std::vector<float>()};
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = a.size() == b.size() ? 0 : 1e30;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= largest)) largest = difference;  // keeps a NaN
  }
  return largest;
}

double tolerance(const AttentionPath& path) { return path.dtype == DType::f32 ? 4e-6 : 2e-2; }

// Of what a key receives, as a share: two paths divide by sums of rounded weights.
double received_tolerance(const AttentionPath& path) {
  return &path == &kAttentionAmx || &path == &kAttentionBf16Dot ? 1e-3 : 2e-6;
}

constexpr Case kCases[] = {
    {.queries = 1, .keys = 1, .heads = 1, .size = 1},
    {.queries = 1, .keys = 7, .heads = 2, .size = 3},
    {.queries = 5, .keys = 1, .heads = 3, .size = 4},
    {.samples = 3, .queries = 16, .keys = 16, .heads = 2, .size = 8},
    {.queries = 17, .keys = 63, .heads = 2, .size = 16},
    {.queries = 33, .keys = 64, .heads = 1, .size = 32},
    {.queries = 64, .keys = 65, .heads = 2, .size = 33},
    {.samples = 2, .queries = 48, .keys = 128, .heads = 8, .size = 40},
    {.samples = 2, .queries = 100, .keys = 77, .heads = 3, .size = 40},
    {.queries = 49, .keys = 130, .heads = 5, .size = 64},
    {.queries = 97, .keys = 200, .heads = 2, .size = 80},
    {.samples = 2, .queries = 64, .keys = 64, .heads = 8, .size = 160},
    {.queries = 70, .keys = 90, .heads = 1, .size = 512},
    {.queries = 9, .keys = 300, .heads = 1, .size = 129},
    {.queries = 400, .keys = 600, .heads = 2, .size = 7},
    {.queries = 77, .keys = 77, .heads = 12, .size = 64, .causal = true},
    {.samples = 2, .queries = 200, .keys = 200, .heads = 2, .size = 5, .causal = true},
    {.queries = 100, .keys = 30, .heads = 1, .size = 16, .causal = true},
    {.queries = 30, .keys = 100, .heads = 1, .size = 16, .causal = true},
};

class CpuAttention : public testing::TestWithParam<const AttentionPath*> {
 protected:
  [[nodiscard]] static const AttentionPath& path() { return *GetParam(); }
};

TEST_P(CpuAttention, MatchesTheDefinition) {
  for (const Case& c : kCases) {
    const Inputs in = random_inputs(c, 1, path().dtype);
    const Result result = run(path(), c, in, false);
    EXPECT_LE(largest_difference(result.out, by_definition(c, in).out), tolerance(path()))
        << testing::PrintToString(c);
  }
}

TEST_P(CpuAttention, ReceivedMatchesTheDefinition) {
  for (const Case& c : kCases) {
    const Inputs in = random_inputs(c, 1, path().dtype);
    const Result result = run(path(), c, in, true);
    const Result expected = by_definition(c, in);
    const double most = *std::max_element(expected.received.begin(), expected.received.end());
    EXPECT_LE(largest_difference(result.received, expected.received),
              received_tolerance(path()) * (most + 1))
        << testing::PrintToString(c);
  }
}

TEST_P(CpuAttention, ReceivedOfASampleAddsUpToItsQueries) {
  const Case c{.samples = 2, .queries = 500, .keys = 333, .heads = 4, .size = 24};
  const Result result = run(path(), c, random_inputs(c, 3, path().dtype), true);
  for (std::ptrdiff_t sample = 0; sample < c.samples; ++sample) {
    const auto first = result.received.begin() + sample * c.keys;
    EXPECT_NEAR(std::accumulate(first, first + c.keys, 0.0), 500, 500 * received_tolerance(path()));
  }
}

TEST_P(CpuAttention, AskingForReceivedLeavesTheOutputAlone) {
  const Case c{.queries = 70, .keys = 70, .heads = 2, .size = 40, .causal = true};
  const Inputs in = random_inputs(c, 1, path().dtype);
  EXPECT_EQ(run(path(), c, in, true).out, run(path(), c, in, false).out);
}

TEST_P(CpuAttention, ASampleDoesNotDependOnTheBatch) {
  const Case all{.samples = 3, .queries = 150, .keys = 90, .heads = 3, .size = 20};
  const Inputs in = random_inputs(all, 1, path().dtype);
  const Result together = run(path(), all, in, true);
  Case one = all;
  one.samples = 1;
  const auto part = [](const std::vector<float>& x, std::ptrdiff_t sample) {
    const auto size = static_cast<std::ptrdiff_t>(x.size()) / 3;
    return std::vector<float>(x.begin() + sample * size, x.begin() + (sample + 1) * size);
  };
  for (std::ptrdiff_t i = 0; i < 3; ++i) {
    const Result alone =
        run(path(), one, {.q = part(in.q, i), .k = part(in.k, i), .v = part(in.v, i)}, true);
    EXPECT_EQ(alone.out, part(together.out, i));
    EXPECT_EQ(alone.received, part(together.received, i));
  }
}

TEST_P(CpuAttention, DoesNotDependOnTheNumberOfThreads) {
  const Case c{.samples = 2, .queries = 300, .keys = 400, .heads = 2, .size = 40};
  const Inputs in = random_inputs(c, 1, path().dtype);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Result one = run(path(), c, in, true);
  omp_set_num_threads(5);
  const Result five = run(path(), c, in, true);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.out, five.out);
  EXPECT_EQ(one.received, five.received);
}

TEST_P(CpuAttention, LargeLogitsChooseTheLargest) {
  // Logits of +10000 for key 70 and -10000 for the others; the values are the keys' indices.
  const Case c{.queries = 20, .keys = 80, .heads = 1, .size = 1};
  Inputs in{.q = std::vector<float>(20, 1.0F),
            .k = std::vector<float>(80, -9984.0F),
            .v = std::vector<float>(80)};
  in.k[70] = 9984.0F;
  std::iota(in.v.begin(), in.v.end(), 0.0F);
  const Result result = run(path(), c, in, true);
  EXPECT_THAT(result.out, testing::Each(70.0F));
  EXPECT_EQ(result.received[70], 20.0F);
  EXPECT_EQ(result.received[0], 0.0F);
}

TEST_P(CpuAttention, LargeRandomLogitsMatchTheDefinition) {
  // Of 8 channels, a spread of 30 makes logits of some thousands.
  const Case c{.queries = 60, .keys = 150, .heads = 2, .size = 8};
  const Inputs in = random_inputs(c, 30, path().dtype);
  EXPECT_LE(largest_difference(run(path(), c, in, false).out, by_definition(c, in).out),
            path().dtype == DType::f32 ? 1e-3 : 2e-2);
}

TEST_P(CpuAttention, LogitsMayGrowWithEveryKey) {
  // Later keys outweigh earlier ones by up to 2^70 and more.
  const Case c{.queries = 40, .keys = 900, .heads = 1, .size = 4};
  Inputs in = random_inputs(c, 1, path().dtype);
  for (std::size_t key = 0; key < 900; ++key) {
    in.k[key * 4] = static_cast<float>(key / 4) / 4;  // exact in bf16
  }
  for (std::size_t query = 0; query < 40; ++query) in.q[query * 4] = query % 2 == 0 ? 4 : -4;
  const Result result = run(path(), c, in, true);
  const Result expected = by_definition(c, in);
  EXPECT_LE(largest_difference(result.out, expected.out), 2 * tolerance(path()));
  EXPECT_LE(largest_difference(result.received, expected.received),
            received_tolerance(path()) * 20);
}

TEST_P(CpuAttention, OneKeyGivesItsValueExactly) {
  const Case c{.queries = 50, .keys = 1, .heads = 1, .size = 6};
  const Inputs in = random_inputs(c, 5, path().dtype);
  const Result result = run(path(), c, in, true);
  for (std::size_t i = 0; i < result.out.size(); ++i) EXPECT_EQ(result.out[i], in.v[i % 6]);
  EXPECT_EQ(result.received[0], 50.0F);
}

TEST_P(CpuAttention, ManyEqualKeysGiveTheMeanValue) {
  // Values alternate between 0 and 2.
  const Case c{.queries = 3, .keys = 10000, .heads = 1, .size = 4};
  Inputs in{.q = std::vector<float>(12, 0.5F),
            .k = std::vector<float>(40000, 0.25F),
            .v = std::vector<float>(40000)};
  for (std::size_t i = 0; i < in.v.size(); ++i) in.v[i] = i / 4 % 2 == 0 ? 0.0F : 2.0F;
  EXPECT_THAT(run(path(), c, in, false).out, testing::Each(testing::FloatNear(1, 1e-5F)));
}

TEST_P(CpuAttention, ANanAmongTheKeysIsSeenByEveryQuery) {
  const Case c{.queries = 40, .keys = 300, .heads = 2, .size = 8};
  Inputs in = random_inputs(c, 1, path().dtype);
  in.k[290 * 16 + 3] = std::nanf("");  // of the first head
  const std::vector<float> out = run(path(), c, in, false).out;
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(std::isnan(out[i]), i % 16 < 8) << i;
}

TEST_P(CpuAttention, ANanStaysInItsQuery) {
  const Case c{.queries = 40, .keys = 30, .heads = 1, .size = 8};
  Inputs in = random_inputs(c, 1, path().dtype);
  std::vector<float> expected = run(path(), c, in, false).out;
  in.q[11 * 8] = std::nanf("");
  std::vector<float> out = run(path(), c, in, false).out;
  for (std::size_t d = 0; d < 8; ++d) {
    EXPECT_TRUE(std::isnan(out[11 * 8 + d]));
    out[11 * 8 + d] = expected[11 * 8 + d] = 0;
  }
  EXPECT_EQ(out, expected);
}

INSTANTIATE_TEST_SUITE_P(Paths, CpuAttention, testing::ValuesIn(usable_paths()),
                         [](const testing::TestParamInfo<const AttentionPath*>& path) {
                           std::string name = path.param->name;
                           for (char& c : name) c = c == ' ' ? '_' : c;
                           return name;
                         });

TEST(CpuAttentionChoice, TakesTheBestUsablePathOfTheType) {
  const Case c{.queries = 20, .keys = 30, .heads = 2, .size = 12};
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const AttentionPath* best = nullptr;
    for (const AttentionPath* path : attention_paths()) {
      if (best == nullptr && path->dtype == dtype && path->usable()) best = path;
    }
    ASSERT_NE(best, nullptr);
    const auto device = test_device();
    const Inputs in = random_inputs(c, 1, dtype);
    const Tensor q = to_tensor(*device, {1, 20, 24}, in.q, dtype);
    const Tensor k = to_tensor(*device, {1, 30, 24}, in.k, dtype);
    const Tensor v = to_tensor(*device, {1, 30, 24}, in.v, dtype);
    Tensor out(*device, q.shape(), dtype);
    attention({.q = q, .k = k, .v = v, .heads = 2, .scale = scale_of(c)}, out);
    EXPECT_EQ(to_values(out), run(*best, c, in, false).out);
  }
}

TEST(CpuAttentionChoice, RefusesATypeThatItHasNoPathFor) {
  const auto device = test_device();
  const Tensor x(*device, {1, 2, 4}, DType::f16);
  Tensor out(*device, x.shape(), DType::f16);
  EXPECT_THAT([&] { attention({.q = x, .k = x, .v = x}, out); },
              testing::ThrowsMessage<Error>("attention: no path for f16"));
}

}  // namespace
}  // namespace sagitta::cpu
