// On integers every step of the convolution is exact, transformed weights and inputs included, so
// that the results must be the reference's, rounded to bf16, to the last bit.
#include "sagitta/backend/cpu/winograd_bf16.h"

#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/backend/open.h"
#include "sagitta/core/dtype.h"

#include <gmock/gmock.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <random>
#include <vector>

namespace sagitta::cpu {
namespace {

using Tag = dnnl::memory::format_tag;

// Whole numbers from -most to most.
Array integers(Shape shape, int most, unsigned seed) {
  Array array(std::move(shape));
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> values(-most, most);
  for (float& value : array.values()) value = static_cast<float>(values(random));
  return array;
}

std::vector<float> rounded(const Array& array) {
  std::vector<float> values;
  for (const float value : array.values()) values.push_back(bf16_to_f32(f32_to_bf16(value)));
  return values;
}

struct Case {
  Shape x;  // (B, H, W, C)
  std::int64_t channels;
  Tag layout = Tag::AcdB16b32a2b;
  int threads = 2;
  const WinogradPath* path = &kWinogradAmx;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.path->name << ", " << to_string(c.x) << " to " << c.channels << " channels, "
       << c.threads << " threads";
}

class WinogradPairs : public testing::TestWithParam<Case> {
 protected:
  struct Operands {
    Array x;
    Array weight;
    Array row_bias;
    Array residual;
  };

  static Operands draw(const Case& c) {
    return {.x = integers(c.x, 3, 1),
            .weight = integers({c.channels, c.x[3], 3, 3}, 2, 2),
            .row_bias = integers({c.x[0], c.channels}, 9, 3),
            .residual = integers({c.x[0], c.x[1], c.x[2], c.channels}, 9, 4)};
  }

  // The convolution by `kernel` from values in `type`.
  static Array run(Device& device, DType type, const Weight& weight, const Operands& operands,
                   bool addends, const auto& kernel) {
    const Tensor x = upload(device, operands.x, type);
    const Tensor row_bias = upload(device, operands.row_bias, type);
    const Tensor residual = upload(device, operands.residual, type);
    Tensor out(device, operands.residual.shape(), type);
    kernel({.x = x,
            .weight = weight,
            .row_bias = addends ? &row_bias : nullptr,
            .residual = addends ? &residual : nullptr,
            .pad_before = 1,
            .pad_after = 1},
           out);
    return download(out);
  }

  Array convolve(const Case& c, const Operands& operands, bool addends) {
    omp_set_num_threads(c.threads);
    Weight weight;
    weight.shape = operands.weight.shape();
    const Layout tiles({c.channels, c.x[3], 3, 3}, dnnl::memory::data_type::bf16, c.layout);
    weight.packed = std::shared_ptr<PackedConv>(new PackedConv{
        {*device_, tiles, kernel_layout(DType::f32, weight.shape), operands.weight.data()}, {}});
    return run(
        *device_, DType::bf16, weight, operands, addends,
        [&](const Conv2dArgs& args, Tensor& out) { conv2d_winograd_bf16_on(*c.path, args, out); });
  }

  static Array reference(const Operands& operands, bool addends) {
    const auto device = open_device("reference");
    const Weight weight = load_weight(*device, WeightUse::conv, to_stored(operands.weight));
    return run(*device, DType::f32, weight, operands, addends, device->kernels().conv2d);
  }

 private:
  std::unique_ptr<Device> device_ = open_device("cpu", {.compute = DType::f32});
};

TEST_P(WinogradPairs, IsExactOnIntegers) {
  const Case& c = GetParam();
  const Operands operands = draw(c);
  for (const bool addends : {false, true}) {
    SCOPED_TRACE(addends);
    const Array got = convolve(c, operands, addends);
    EXPECT_EQ(std::vector<float>(got.values().begin(), got.values().end()),
              rounded(reference(operands, addends)));
  }
}

// Each with both instructions.
std::vector<Case> on_all_paths(std::vector<Case> cases) {
  const std::size_t count = cases.size();
  for (std::size_t i = 0; i < count; ++i) {
    cases.push_back(cases[i]);
    cases.back().path = &kWinogradDot;
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Cases, WinogradPairs,
                         testing::ValuesIn(on_all_paths({
                             {{2, 8, 8, 64}, 96, Tag::AcdB16b16a2b},
                             {{1, 8, 8, 32}, 96, Tag::AcdB16b48a2b},
                             {{3, 17, 31, 32}, 32},
                             {{1, 63, 5, 96}, 64, Tag::AcdB16b64a2b},
                             {{1, 3, 140, 32}, 160, Tag::AcdB16b32a2b, 1},
                             {{2, 10, 32, 32}, 704, Tag::AcdB16b64a2b},
                             {{2, 16, 16, 96}, 64, Tag::AcdB16b32a2b, 3},
                             {{1, 64, 1, 32}, 32},
                             {{5, 10, 10, 32}, 32, Tag::AcdB16b32a2b, 16},
                             // Rows of pairs one after the other.
                             {{2, 8, 8, 64}, 96, Tag::AcdB16a2b},
                             {{1, 8, 8, 64}, 96, Tag::AcdB48a2b},
                             {{3, 17, 31, 64}, 64, Tag::AcdB64a2b},
                         })));

// What is large concerns the tasks, not the instructions.
INSTANTIATE_TEST_SUITE_P(
    Large, WinogradPairs,
    testing::Values(Case{{2, 131, 256, 64}, 32},
                    // More inputs than are transformed at once, the second time within a sample,
                    // since a task has one of two groups.
                    Case{{2, 131, 256, 64}, 64, Tag::AcdB16b32a2b, 32}));

using WinogradPairsNan = WinogradPairs;

TEST_P(WinogradPairsNan, StaysInThePairsThatSeeIt) {
  const Case& c = GetParam();
  Operands operands = draw(c);
  const Array clean = convolve(c, operands, true);
  const std::int64_t y = 5;
  const std::int64_t x = 4;
  operands.x.values()[static_cast<std::size_t>((y * c.x[2] + x) * c.x[3] + 7)] =
      std::numeric_limits<float>::quiet_NaN();
  const Array got = convolve(c, operands, true);
  for (std::int64_t i = 0; i < std::ssize(got.values()); ++i) {
    const std::int64_t pixel = i / c.channels;
    const std::int64_t row = pixel / c.x[2] % c.x[1];
    const std::int64_t column = pixel % c.x[2];
    const auto at = static_cast<std::size_t>(i);
    const bool first = pixel / (c.x[1] * c.x[2]) == 0;
    if (first && std::abs(row - y) <= 1 && std::abs(column - x) <= 1) {
      EXPECT_TRUE(std::isnan(got.values()[at])) << row << ", " << column;
    } else if (!first || std::abs(row / 2 - y / 2) > 1 || std::abs(column - x) > 1) {
      EXPECT_EQ(got.values()[at], clean.values()[at]) << row << ", " << column;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Case, WinogradPairsNan,
                         testing::ValuesIn(on_all_paths({{{2, 12, 12, 32}, 32}})));

}  // namespace
}  // namespace sagitta::cpu
