// Moves rows of tensors to the packed words of attention_tile.h and back: conversion of the element
// type, zeros up to the stride, transposition.
#pragma once

#include <cstdint>
#include <utility>

namespace sagitta::cpu {

// Some templates take Isa only to be compiled once per instruction set.
template <class Isa>
constexpr std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

template <class Isa>
[[gnu::always_inline]] inline float to_float(float value) {
  return value;
}

template <class Isa>
[[gnu::always_inline]] inline float to_float(std::uint16_t bf16) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(bf16) << 16U);
}

template <class Isa>
[[gnu::always_inline]] inline void from_float(float value, float& out) {
  out = value;
}

// Rounds to nearest even; NaN stays NaN.
template <class Isa>
[[gnu::always_inline]] inline void from_float(float value, std::uint16_t& bf16) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U;
  const std::uint32_t nan = (bits >> 16U) | 0x40U;
  bf16 = static_cast<std::uint16_t>((bits & 0x7FFFFFFFU) > 0x7F800000U ? nan : rounded);
}

// Rows of a tensor that belong to one head: `size` elements each, `step` elements apart.
template <class Element>
struct Rows {
  const Element* data;
  std::int64_t step;
  std::int64_t size;
  std::int64_t count;
};

// Words of kDepth elements along each row, zeros up to `stride` words and up to `rows` rows.
template <class Isa, class Element>
void pack_rows(const Rows<Element>& from, std::int64_t rows, std::int64_t stride,
               typename Isa::Word* to) {
  for (std::int64_t row = 0; row < rows; ++row, to += stride) {
    const Element* source = from.data + row * from.step;
    const std::int64_t size = row < from.count ? from.size : 0;
    std::int64_t i = 0;
    if constexpr (Isa::kDepth == 1) {
      for (; i < size; ++i) to[i] = to_float<Isa>(source[i]);
    } else {
      for (; i < size / 2; ++i) {
        to[i] = source[2 * i] | (static_cast<std::uint32_t>(source[2 * i + 1]) << 16U);
      }
      if (size % 2 != 0) to[i++] = source[size - 1];
    }
    for (; i < stride; ++i) to[i] = 0;
  }
}

// Words of kDepth rows, zeros up to `stride` words and up to a whole number of rows.
template <class Isa, class Element>
void pack_values(const Rows<Element>& from, std::int64_t stride, typename Isa::Word* to) {
  if constexpr (Isa::kDepth == 1) {
    pack_rows<Isa>(from, from.count, stride, to);
  } else {
    for (std::int64_t row = 0; row < from.count; row += 2, to += stride) {
      const Element* even = from.data + row * from.step;
      const Element* odd = even + from.step;
      std::int64_t i = 0;
      if (row + 1 < from.count) {
        for (; i < from.size; ++i) to[i] = even[i] | (static_cast<std::uint32_t>(odd[i]) << 16U);
      } else {
        for (; i < from.size; ++i) to[i] = even[i];
      }
      for (; i < stride; ++i) to[i] = 0;
    }
  }
}

// Exchanges the off-diagonal quarters of every 2 Half x 2 Half square of rows a, b = a + Half.
template <class Isa, int Half, int... Lane>
[[gnu::always_inline]] inline void exchange(typename Isa::Vec& a, typename Isa::Vec& b,
                                            std::integer_sequence<int, Lane...> /*lanes*/) {
  constexpr int kLanes = Isa::kLanes;
  const typename Isa::Vec low =
      __builtin_shufflevector(a, b, ((Lane & Half) == 0 ? Lane : kLanes + Lane - Half)...);
  b = __builtin_shufflevector(a, b, ((Lane & Half) == 0 ? Lane + Half : kLanes + Lane)...);
  a = low;
}

template <class Isa, int Half = 1>
[[gnu::always_inline]] inline void transpose_square(typename Isa::Vec (&rows)[Isa::kLanes]) {
  for (int row = 0; row < Isa::kLanes; ++row) {
    if ((row & Half) != 0) continue;
    exchange<Isa, Half>(rows[row], rows[row + Half],
                        std::make_integer_sequence<int, Isa::kLanes>{});
  }
  if constexpr (2 * Half < Isa::kLanes) transpose_square<Isa, 2 * Half>(rows);
}

// to(j, i) = from(i, j) for i < rows, j < columns, both multiples of kLanes; 32-bit values.
template <class Isa>
void transpose(const void* from, std::int64_t from_stride, std::int64_t rows, std::int64_t columns,
               void* to, std::int64_t to_stride) {
  constexpr std::int64_t kBytes = 4;
  const auto* source = static_cast<const unsigned char*>(from);
  auto* target = static_cast<unsigned char*>(to);
  for (std::int64_t i = 0; i < rows; i += Isa::kLanes) {
    for (std::int64_t j = 0; j < columns; j += Isa::kLanes) {
      typename Isa::Vec square[Isa::kLanes];
      for (int r = 0; r < Isa::kLanes; ++r) {
        square[r] = Isa::load(source + ((i + r) * from_stride + j) * kBytes);
      }
      transpose_square<Isa>(square);
      for (int r = 0; r < Isa::kLanes; ++r) {
        Isa::store(target + ((j + r) * to_stride + i) * kBytes, square[r]);
      }
    }
  }
}

}  // namespace sagitta::cpu
