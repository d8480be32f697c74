// The part of an Isa (attention_tile.h) that the compiler's own vectors of 4 floats can give on any
// processor.
#pragma once

#include <cstdint>

namespace sagitta::cpu {

struct Portable {
  using Vec [[gnu::vector_size(16)]] = float;
  using Ints [[gnu::vector_size(16)]] = std::int32_t;
  using Bits [[gnu::vector_size(16)]] = std::uint32_t;
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4;
  static constexpr int kVectors = 2;

  static Vec set(float value) { return Vec{value, value, value, value}; }
  static Vec iota() { return Vec{0, 1, 2, 3}; }
  static Vec load(const void* from) {
    Vec value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
  }
  static void store(void* to, Vec value) { __builtin_memcpy(to, &value, sizeof value); }
  static Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
  static Vec max(Vec a, Vec b) { return a > b ? a : b; }
  static Vec fraction(Vec x) { return clamp(x) - floor(x); }
  // The bits of 2^n are (n + 127) << 23; those of n = -127 are zero.
  static Vec times_power(Vec p, Vec x) {
    const Ints biased = __builtin_convertvector(floor(x), Ints) + 127;
    return p * reinterpret_cast<Vec>(reinterpret_cast<Bits>(biased) << 23U);
  }
  static Vec keep(Vec key, Vec query, Vec s) {
    return key <= query ? s : set(-__builtin_huge_valf());
  }

 private:
  static Vec clamp(Vec x) { return x < -127.0F ? set(-127.0F) : x; }
  static Vec floor(Vec x) {
    const Vec y = clamp(x);
    const Vec whole = __builtin_convertvector(__builtin_convertvector(y, Ints), Vec);
    return whole - (whole > y ? set(1.0F) : set(0.0F));
  }
};

}  // namespace sagitta::cpu
