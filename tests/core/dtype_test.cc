#include "sagitta/core/dtype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace sagitta {
namespace {

using testing::ElementsAre;

constexpr unsigned kHalves = 65536;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The value of a binary float of the given layout, from the definition of IEEE 754.
double defined_value(unsigned bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const unsigned top = (1U << exponent_bits) - 1;
  const bool negative = (bits >> (exponent_bits + mantissa_bits)) != 0;
  const unsigned exponent = (bits >> mantissa_bits) & top;
  const unsigned mantissa = bits & ((1U << mantissa_bits) - 1);
  double value = 0;
  if (exponent == top) {
    value = mantissa != 0 ? std::nan("") : HUGE_VAL;
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, 1 - bias - mantissa_bits);
  } else {
    value = std::ldexp(mantissa + (1U << mantissa_bits),
                       static_cast<int>(exponent) - bias - mantissa_bits);
  }
  return negative ? -value : value;
}

bool is_same(float a, double b) {
  if (std::isnan(b)) return std::isnan(a);
  return static_cast<double>(a) == b && std::signbit(a) == std::signbit(b);
}

TEST(DType, EveryHalfWidensExactly) {
  for (unsigned bits = 0; bits < kHalves; ++bits) {
    ASSERT_TRUE(is_same(f16_to_f32(static_cast<std::uint16_t>(bits)), defined_value(bits, 5, 10)))
        << bits;
  }
}

TEST(DType, EveryBf16WidensExactly) {
  for (unsigned bits = 0; bits < kHalves; ++bits) {
    ASSERT_TRUE(is_same(bf16_to_f32(static_cast<std::uint16_t>(bits)), defined_value(bits, 8, 7)))
        << bits;
  }
}

TEST(DType, EveryHalfSurvivesARoundTrip) {
  for (unsigned bits = 0; bits < kHalves; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = f16_to_f32(half);
    if (std::isnan(wide)) {
      ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(wide)))) << bits;
    } else {
      ASSERT_EQ(f32_to_f16(wide), half) << bits;
    }
  }
}

TEST(DType, EveryBf16SurvivesARoundTrip) {
  for (unsigned bits = 0; bits < kHalves; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = bf16_to_f32(half);
    if (std::isnan(wide)) {
      ASSERT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(wide)))) << bits;
    } else {
      ASSERT_EQ(f32_to_bf16(wide), half) << bits;
    }
  }
}

// Halfway between two neighbours the even one wins; a hair to either side the nearer one.
template <class Widen, class Narrow>
void expect_nearest_even(unsigned last_finite, Widen widen_one, Narrow narrow_one) {
  for (unsigned bits = 0; bits < last_finite; ++bits) {
    const auto below = static_cast<std::uint16_t>(bits);
    const auto above = static_cast<std::uint16_t>(bits + 1);
    const float middle = (widen_one(below) + widen_one(above)) / 2;
    ASSERT_EQ(narrow_one(middle), bits % 2 == 0 ? below : above) << bits;
    ASSERT_EQ(narrow_one(std::nextafter(middle, 0.0F)), below) << bits;
    ASSERT_EQ(narrow_one(std::nextafter(middle, kInfinity)), above) << bits;
    ASSERT_EQ(narrow_one(-middle), (bits % 2 == 0 ? below : above) | 0x8000U) << bits;
  }
}

TEST(DType, HalvesRoundToNearestEven) { expect_nearest_even(0x7BFF, f16_to_f32, f32_to_f16); }

TEST(DType, Bf16RoundsToNearestEven) {
  // From 1 upward: the sums of tiny neighbours are not exact in float.
  for (unsigned bits = 0x3F80; bits < 0x7F00; ++bits) {
    const auto below = static_cast<std::uint16_t>(bits);
    const auto above = static_cast<std::uint16_t>(bits + 1);
    const float middle = std::bit_cast<float>((bits << 16U) | 0x8000U);
    ASSERT_EQ(f32_to_bf16(middle), bits % 2 == 0 ? below : above) << bits;
    ASSERT_EQ(f32_to_bf16(std::nextafter(middle, 0.0F)), below) << bits;
    ASSERT_EQ(f32_to_bf16(std::nextafter(middle, kInfinity)), above) << bits;
  }
}

TEST(DType, ValuesBeyondTheLargestHalfBecomeInfinite) {
  EXPECT_EQ(f32_to_f16(65504.0F), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65519.996F), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(f32_to_f16(-1e30F), 0xFC00);
  EXPECT_EQ(f32_to_f16(1e-30F), 0);
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7F80);
}

TEST(DType, E4m3HasNoInfinitiesAndNanAtAllOnes) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const auto byte = static_cast<std::byte>(bits);
    float value = 0;
    widen(&byte, DType::f8_e4m3, {&value, 1});
    if ((bits & 0x7FU) == 0x7FU) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    // Sign, 4 bits of exponent with bias 7, 3 bits of mantissa; the top exponent is an ordinary
    // one.
    const unsigned exponent = (bits >> 3U) & 15U;
    const unsigned mantissa = bits & 7U;
    const double magnitude = exponent == 0
                                 ? std::ldexp(mantissa, -9)
                                 : std::ldexp(mantissa + 8, static_cast<int>(exponent) - 10);
    ASSERT_TRUE(is_same(value, bits >= 128 ? -magnitude : magnitude)) << bits;
  }
}

TEST(DType, E5m2IsASmallIeeeFloat) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const auto byte = static_cast<std::byte>(bits);
    float value = 0;
    widen(&byte, DType::f8_e5m2, {&value, 1});
    ASSERT_TRUE(is_same(value, defined_value(bits, 5, 2))) << bits;
  }
}

template <class T>
std::vector<float> widened(DType dtype, std::vector<T> values) {
  // One byte off, since files need not align their tensors.
  std::vector<std::byte> bytes(values.size() * sizeof(T) + 1);
  std::ranges::copy(std::as_bytes(std::span(values)), bytes.begin() + 1);
  std::vector<float> out(values.size());
  widen(bytes.data() + 1, dtype, out);
  return out;
}

TEST(DType, NumbersWidenFromUnalignedBytes) {
  EXPECT_THAT(widened<float>(DType::f32, {1.5F, -2}), ElementsAre(1.5F, -2));
  EXPECT_THAT(widened<double>(DType::f64, {0.1, -1e300}), ElementsAre(0.1F, -kInfinity));
  EXPECT_THAT(widened<std::int64_t>(DType::i64, {-5, (1LL << 24) + 1}), ElementsAre(-5, 16777216));
  EXPECT_THAT(widened<std::int32_t>(DType::i32, {-7, 9}), ElementsAre(-7, 9));
  EXPECT_THAT(widened<std::int16_t>(DType::i16, {-32768, 32767}), ElementsAre(-32768, 32767));
  EXPECT_THAT(widened<std::int8_t>(DType::i8, {-128, 127}), ElementsAre(-128, 127));
  EXPECT_THAT(widened<std::uint8_t>(DType::u8, {0, 255}), ElementsAre(0, 255));
  EXPECT_THAT(widened<std::uint8_t>(DType::boolean, {0, 1}), ElementsAre(0, 1));
}

TEST(DType, WideningNothingIsAllowed) {
  widen(nullptr, DType::f32, {});
  widen(nullptr, DType::f16, {});
}

TEST(DType, SizesAndNamesBelongTogether) {
  EXPECT_EQ(size_of(DType::f64), 8U);
  EXPECT_EQ(size_of(DType::bf16), 2U);
  EXPECT_EQ(size_of(DType::f8_e4m3), 1U);
  EXPECT_EQ(size_of(DType::boolean), 1U);
  EXPECT_EQ(name_of(DType::bf16), "bf16");
  EXPECT_EQ(name_of(DType::f8_e5m2), "f8_e5m2");
}

}  // namespace
}  // namespace sagitta
