// Element types as they occur in files and on devices, and their exact widening to float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sagitta {

enum class DType { f32, bf16, f16, f64, f8_e4m3, f8_e5m2, i64, i32, i16, i8, u8, boolean };

// Bytes of one element.
[[nodiscard]] std::size_t size_of(DType dtype);

// "f32", "bf16", "f8_e4m3"...
[[nodiscard]] std::string_view name_of(DType dtype);

[[nodiscard]] float bf16_to_f32(std::uint16_t bits);
// Rounds to nearest even; NaN stays NaN.
[[nodiscard]] std::uint16_t f32_to_bf16(float value);
[[nodiscard]] float f16_to_f32(std::uint16_t bits);
// Rounds to nearest even; values beyond 65504 become infinite.
[[nodiscard]] std::uint16_t f32_to_f16(float value);

// Widens out.size() elements at source (any alignment) to float. Integers above 2^24 are rounded.
void widen(const std::byte* source, DType dtype, std::span<float> out);

}  // namespace sagitta
