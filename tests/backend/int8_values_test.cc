// What products in int8 do to numbers that int8 does not hold: extremes, NaN, and company.
#include "sagitta/backend/cpu/finish_int8.h"
#include "sagitta/backend/cpu/open.h"
#include "sagitta/backend/cpu/quantize.h"
#include "sagitta/core/array.h"
#include "sagitta/core/stored.h"
#include "sagitta/ops/conv2d.h"
#include "sagitta/ops/linear.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace sagitta {
namespace {

using testing::Each;
using testing::Eq;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Array noise(Shape shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Array array(std::move(shape));
  for (float& value : array.values()) value = normal(random);
  return array;
}

// Samples [begin, begin + count) of the first axis.
Array part(const Array& array, std::int64_t begin, std::int64_t count) {
  Shape shape = array.shape();
  const std::int64_t row = element_count(shape) / shape[0];
  shape[0] = count;
  Array out(shape);
  std::copy_n(array.data() + begin * row, count * row, out.data());
  return out;
}

class Int8Values : public testing::Test {
 public:
  Array linear(const Array& x) {
    return download(ops::linear(upload(*device_, x), matrix_, {.bias = &bias_}));
  }
  Array gated(const Array& x) { return download(ops::linear_geglu(upload(*device_, x), gated_)); }
  Array conv(const Array& x) {
    return download(ops::conv2d(upload(*device_, x), kernel_,
                                {.bias = &bias_, .pad_before = 1, .pad_after = 1}));
  }
  [[nodiscard]] const Array& bias() const { return bias_values_; }

 private:
  std::unique_ptr<Device> device_ = cpu::open({.int8_products = true});
  Array bias_values_ = noise({40}, 1);
  Weight matrix_ = load_weight(*device_, WeightUse::linear, to_stored(noise({40, 48}, 2)));
  Weight gated_ = load_weight(*device_, WeightUse::geglu, to_stored(noise({80, 48}, 3)));
  Weight kernel_ = load_weight(*device_, WeightUse::conv, to_stored(noise({40, 48, 3, 3}, 4)));
  Weight bias_ = load_weight(*device_, WeightUse::vector, to_stored(bias_values_));
};

TEST_F(Int8Values, ZerosGiveTheBias) {
  const Array out = conv(Array({1, 3, 3, 48}));
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], bias()[i % 40]);
  EXPECT_THAT(part(linear(Array({2, 48})), 1, 1).values(),
              testing::ElementsAreArray(bias().values()));
}

TEST_F(Int8Values, NumbersTooSmallToMatterGiveTheBias) {
  Array x({1, 48});
  for (float& value : x.values()) value = 1e-42F;
  EXPECT_THAT(linear(x).values(), testing::ElementsAreArray(bias().values()));
}

TEST_F(Int8Values, LargestNumbersDoNotTrap) {
  Array x = noise({1, 48}, 5);
  x[0] = std::numeric_limits<float>::max();
  x[1] = -std::numeric_limits<float>::max();
  EXPECT_EQ(linear(x).size(), 40U);
  EXPECT_EQ(gated(x).size(), 40U);
}

TEST_F(Int8Values, OutlierConcernsItsRowOnly) {
  const Array x = noise({3, 48}, 5);
  Array spoiled = x;
  spoiled[48 + 7] = 1e6F;
  const Array want = linear(x);
  const Array got = linear(spoiled);
  EXPECT_THAT(part(got, 0, 1).values(), testing::ElementsAreArray(part(want, 0, 1).values()));
  EXPECT_THAT(part(got, 2, 1).values(), testing::ElementsAreArray(part(want, 2, 1).values()));
}

TEST_F(Int8Values, NanAndInfinityStayInTheirRow) {
  const Array x = noise({3, 48}, 5);
  for (const float bad : {kNan, -kNan, kInfinity, -kInfinity}) {
    Array spoiled = x;
    spoiled[48 + 7] = bad;
    for (const auto op : {&Int8Values::linear, &Int8Values::gated}) {
      const Array want = (this->*op)(x);
      const Array got = (this->*op)(spoiled);
      EXPECT_THAT(part(got, 0, 1).values(), testing::ElementsAreArray(part(want, 0, 1).values()));
      EXPECT_THAT(part(got, 1, 1).values(), Each(testing::IsNan()));
      EXPECT_THAT(part(got, 2, 1).values(), testing::ElementsAreArray(part(want, 2, 1).values()));
    }
  }
}

TEST_F(Int8Values, NanAndInfinityStayInTheirSample) {
  const Array x = noise({2, 4, 5, 48}, 5);
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    Array spoiled = x;
    spoiled[3] = bad;
    const Array got = conv(spoiled);
    EXPECT_THAT(part(got, 0, 1).values(), Each(testing::IsNan()));
    EXPECT_THAT(part(got, 1, 1).values(), testing::ElementsAreArray(part(conv(x), 1, 1).values()));
  }
}

TEST_F(Int8Values, SampleDoesNotNoticeItsBatch) {
  const Array image = noise({3, 9, 7, 48}, 5);
  EXPECT_THAT(part(conv(image), 1, 1).values(),
              testing::ElementsAreArray(conv(part(image, 1, 1)).values()));
  const Array tokens = noise({600, 48}, 6);
  for (const auto op : {&Int8Values::linear, &Int8Values::gated}) {
    EXPECT_THAT(part((this->*op)(tokens), 599, 1).values(),
                testing::ElementsAreArray((this->*op)(part(tokens, 599, 1)).values()));
  }
}

TEST(Int8Weights, ColumnsOfZerosAndOfNanStayWhatTheyAre) {
  const auto device = cpu::open({.int8_products = true});
  Array values = noise({32, 32}, 1);
  for (std::size_t i = 0; i < 32; ++i) values[i] = 0;
  values[32] = kNan;
  const Weight weight = load_weight(*device, WeightUse::linear, to_stored(values));
  const Array out = download(ops::linear(upload(*device, noise({1, 32}, 2)), weight));
  EXPECT_EQ(out[0], 0);
  EXPECT_TRUE(std::isnan(out[1]));
  EXPECT_TRUE(std::isfinite(out[2]));
}

// The number that each byte stands for is within half a step.
void expect_close(const float* x, const std::uint8_t* bytes, const cpu::ByteScale& scale,
                  std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float back = scale.scale * static_cast<float>(bytes[i] - scale.zero);
    EXPECT_NEAR(back, x[i], 0.501F * scale.scale);
  }
}

TEST(Quantize, RowsComeBackWithinHalfAStep) {
  constexpr std::int64_t kWidth = 100;
  Array x = noise({4, kWidth}, 1);
  for (std::size_t i = 0; i < kWidth; ++i) {
    x[kWidth + i] = std::abs(x[kWidth + i]) + 1;       // above 0 only
    x[2 * kWidth + i] = -std::abs(x[2 * kWidth + i]);  // below 0 only
    x[3 * kWidth + i] = 5;
  }
  std::vector<std::uint8_t> bytes(x.size());
  std::vector<cpu::ByteScale> scales(4);
  cpu::quantize_rows(DType::f32, x.data(), 4, kWidth, bytes.data(), scales.data());
  for (std::size_t row = 0; row < 4; ++row) {
    SCOPED_TRACE(row);
    expect_close(x.data() + row * kWidth, bytes.data() + row * kWidth, scales[row], kWidth);
  }
  EXPECT_LT(scales[1].scale, 6.0F / 255);
}

std::vector<std::uint16_t> to_bf16(const Array& array) {
  std::vector<std::uint16_t> bits;
  for (const float value : array.values()) bits.push_back(f32_to_bf16(value));
  return bits;
}

// The same values, as f32.
Array rounded(const Array& array) {
  Array out = array;
  for (float& value : out.values()) value = bf16_to_f32(f32_to_bf16(value));
  return out;
}

TEST(Quantize, TypesOfEqualValuesGiveEqualBytes) {
  const Array x = rounded(noise({3, 70}, 1));
  const std::vector<std::uint16_t> bits = to_bf16(x);
  std::vector<std::uint8_t> bytes(x.size());
  std::vector<std::uint8_t> bf16_bytes(x.size());
  std::vector<cpu::ByteScale> scales(3);
  std::vector<cpu::ByteScale> bf16_scales(3);
  cpu::quantize_rows(DType::f32, x.data(), 3, 70, bytes.data(), scales.data());
  cpu::quantize_rows(DType::bf16, bits.data(), 3, 70, bf16_bytes.data(), bf16_scales.data());
  EXPECT_EQ(bytes, bf16_bytes);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(scales[row].scale, bf16_scales[row].scale);
    EXPECT_EQ(scales[row].zero, bf16_scales[row].zero);
  }
  EXPECT_EQ(cpu::scale_for(DType::f32, x.data(), 210).scale,
            cpu::scale_for(DType::bf16, bits.data(), 210).scale);
}

// All parts of a result at once, in both types.
TEST(FinishInt8, TypesAgreeUpToRounding) {
  constexpr std::int64_t kRows = 3;
  constexpr std::int64_t kColumns = 600;  // more than a part of a row
  const auto device = cpu::open({.int8_products = true});
  const Array values = noise({kColumns, 32}, 1);
  const Weight weight = load_weight(*device, WeightUse::linear, to_stored(values));
  const auto& packed = cpu::packed_as<cpu::PackedMatrix>(weight);
  std::vector<std::int32_t> sums(kRows * kColumns);
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = static_cast<std::int32_t>(i * 37 % 2001) - 1000;
  const std::vector<cpu::ByteScale> scales{{0.01F, 3}, {0.02F, 100}, {0.03F, 255}};
  const Array bias = noise({kColumns}, 2);
  const Array factor = rounded(noise({kRows, kColumns}, 3));
  const Array residual = rounded(noise({kRows, kColumns}, 4));
  const auto factor_bits = to_bf16(factor);
  const auto residual_bits = to_bf16(residual);
  Array out({kRows, kColumns});
  std::vector<std::uint16_t> out_bits(out.size());
  cpu::Int8Finish finish{.type = DType::f32,
                         .rows = kRows,
                         .columns = kColumns,
                         .scales = scales.data(),
                         .value = {sums.data(), &packed.int8, bias.data()},
                         .gate = {sums.data(), &packed.int8, nullptr},
                         .activation = Activation::silu,
                         .factor = factor.data(),
                         .residual = residual.data(),
                         .out = out.data()};
  cpu::finish_int8(finish);
  finish.type = DType::bf16;
  finish.factor = factor_bits.data();
  finish.residual = residual_bits.data();
  finish.out = out_bits.data();
  cpu::finish_int8(finish);
  EXPECT_EQ(out_bits, to_bf16(out));
}

TEST(Quantize, FrameIsOfZeros) {
  const Array x = noise({2, 3, 4}, 1);
  const cpu::Frame frame{.height = 2, .width = 3, .channels = 4, .before = 1, .after = 2};
  ASSERT_EQ(frame.bytes(), 5 * 6 * 4);
  const cpu::ByteScale scale = cpu::scale_for(DType::f32, x.data(), 24);
  std::vector<std::uint8_t> bytes(5 * 6 * 4);
  cpu::quantize_image(DType::f32, x.data(), frame, scale, bytes.data());
  for (std::int64_t y = 0; y < 5; ++y) {
    for (std::int64_t column = 0; column < 6; ++column) {
      const std::uint8_t* const pixel = bytes.data() + (y * 6 + column) * 4;
      const bool inside = y >= 1 && y < 3 && column >= 1 && column < 4;
      if (inside) {
        expect_close(x.data() + ((y - 1) * 3 + column - 1) * 4, pixel, scale, 4);
      } else {
        EXPECT_THAT(std::vector<int>(pixel, pixel + 4), Each(Eq(scale.zero)));
      }
    }
  }
}

}  // namespace
}  // namespace sagitta
