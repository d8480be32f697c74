#include "sagitta/core/dtype.h"

#include "sagitta/base/error.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace sagitta {
namespace {

struct DTypeInfo {
  std::string_view name;
  std::size_t size;
};

constexpr DTypeInfo kInfo[] = {{"f32", 4},     {"bf16", 2},    {"f16", 2}, {"f64", 8},
                               {"f8_e4m3", 1}, {"f8_e5m2", 1}, {"i64", 8}, {"i32", 4},
                               {"i16", 2},     {"i8", 1},      {"u8", 1},  {"boolean", 1}};

// A small float of 1 sign bit, exponent_bits and mantissa_bits, without the special top exponent.
float widen_small(unsigned bits, int exponent_bits, int mantissa_bits) {
  const unsigned sign = bits >> (exponent_bits + mantissa_bits);
  const int exponent = static_cast<int>((bits >> mantissa_bits) & ((1U << exponent_bits) - 1));
  const auto mantissa = static_cast<float>(bits & ((1U << mantissa_bits) - 1));
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const float scale = std::ldexp(1.0F, -mantissa_bits);
  const float magnitude = exponent == 0
                              ? std::ldexp(mantissa * scale, 1 - bias)
                              : std::ldexp(1.0F + mantissa * scale, exponent - bias);
  return sign != 0 ? -magnitude : magnitude;
}

float f8_e4m3_to_f32(std::uint8_t bits) {
  // The "fn" form: no infinities, NaN only at all ones.
  if ((bits & 0x7FU) == 0x7FU) return std::numeric_limits<float>::quiet_NaN();
  return widen_small(bits, 4, 3);
}

float f8_e5m2_to_f32(std::uint8_t bits) {
  // The upper byte of a half.
  return f16_to_f32(static_cast<std::uint16_t>(bits << 8U));
}

template <class T, class Convert>
void widen_with(const std::byte* source, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value{};
    std::memcpy(&value, source + i * sizeof(T), sizeof(T));
    out[i] = convert(value);
  }
}

template <class T>
void widen_number(const std::byte* source, std::span<float> out) {
  widen_with<T>(source, out, [](T value) { return static_cast<float>(value); });
}

}  // namespace

std::size_t size_of(DType dtype) { return kInfo[static_cast<std::size_t>(dtype)].size; }
std::string_view name_of(DType dtype) { return kInfo[static_cast<std::size_t>(dtype)].name; }

float bf16_to_f32(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

std::uint16_t f32_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

float f16_to_f32(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
  const std::uint32_t mantissa = bits & 0x3FFU;
  if (exponent == 0x1FU) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13U));
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (mantissa << 13U));
}

std::uint16_t f32_to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return static_cast<std::uint16_t>(sign | 0x7E00U);
  if (magnitude >= 0x477FF000U) return static_cast<std::uint16_t>(sign | 0x7C00U);  // >= 65520
  if (magnitude < 0x38800000U) {  // below 2^-14: a subnormal half, in units of 2^-24
    const float units = std::bit_cast<float>(magnitude) * 0x1p24F;
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::nearbyint(units)));
  }
  const std::uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13U) & 1U);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000U) >> 13U));
}

void widen(const std::byte* source, DType dtype, std::span<float> out) {
  if (out.empty()) return;  // its address may be null, which memcpy must not see
  switch (dtype) {
    case DType::f32:
      std::memcpy(out.data(), source, out.size_bytes());
      return;
    case DType::bf16:
      return widen_with<std::uint16_t>(source, out, bf16_to_f32);
    case DType::f16:
      return widen_with<std::uint16_t>(source, out, f16_to_f32);
    case DType::f64:
      return widen_number<double>(source, out);
    case DType::f8_e4m3:
      return widen_with<std::uint8_t>(source, out, f8_e4m3_to_f32);
    case DType::f8_e5m2:
      return widen_with<std::uint8_t>(source, out, f8_e5m2_to_f32);
    case DType::i64:
      return widen_number<std::int64_t>(source, out);
    case DType::i32:
      return widen_number<std::int32_t>(source, out);
    case DType::i16:
      return widen_number<std::int16_t>(source, out);
    case DType::i8:
      return widen_number<std::int8_t>(source, out);
    case DType::u8:
    case DType::boolean:
      return widen_number<std::uint8_t>(source, out);
  }
  throw Error(Fault::internal, "widen: unknown dtype");
}

}  // namespace sagitta
