// A model in plain C++ of the instructions that the kernels for AMX and AVX512_BF16 use, under the
// names of the intrinsics: so that the tests run these kernels on every processor, and under
// sanitizers. It stands for <immintrin.h> where the folder comes first among those of headers, and
// only has what is used.
//
// Values and rounding are those of the instructions, but that subnormal numbers are not flushed and
// that a tile's sums may be rounded in another order.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

typedef float __m512 __attribute__((vector_size(64), may_alias));
typedef long long __m512i __attribute__((vector_size(64), may_alias));
typedef long long __m256i __attribute__((vector_size(32), may_alias));
typedef short __m512bh __attribute__((vector_size(64), may_alias));
typedef short __m256bh __attribute__((vector_size(32), may_alias));
using __mmask16 = std::uint16_t;
using __mmask32 = std::uint32_t;
using __mmask64 = std::uint64_t;

constexpr int _MM_FROUND_FLOOR = 1;
constexpr int _MM_FROUND_NO_EXC = 8;
constexpr int _CMP_UNORD_Q = 3;
constexpr int _CMP_LE_OQ = 18;
constexpr int _CMP_GT_OQ = 30;

namespace model {

// A vector as an array of elements.
template <class T, int N>
struct Lanes {
  T at[N];

  template <class Vector>
  static Lanes of(const Vector& vector) {
    static_assert(sizeof(Vector) == sizeof(Lanes));
    return __builtin_bit_cast(Lanes, vector);
  }
  template <class Function>
  static Lanes each(const Function& function) {
    Lanes lanes{};
    for (int i = 0; i < N; ++i) lanes.at[i] = static_cast<T>(function(i));
    return lanes;
  }
  template <class Vector>
  [[nodiscard]] Vector as() const {
    return __builtin_bit_cast(Vector, *this);
  }
};
using Floats = Lanes<float, 16>;
using Words = Lanes<std::uint32_t, 16>;
using Halves = Lanes<std::uint16_t, 32>;
using Shorts = Lanes<std::int16_t, 32>;
using Bytes = Lanes<std::uint8_t, 64>;

template <class T>
T read(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
T read_aligned(const void* from) {
  if (reinterpret_cast<std::uintptr_t>(from) % sizeof(T) != 0) std::abort();
  return read<T>(from);
}

template <class T>
void write_aligned(void* to, const T& value) {
  if (reinterpret_cast<std::uintptr_t>(to) % sizeof(T) != 0) std::abort();
  std::memcpy(to, &value, sizeof(T));
}

inline std::uint16_t to_bf16(float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16U | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

inline float from_bf16(std::uint16_t value) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(value) << 16U);
}

inline bool bit(std::uint64_t mask, int i) { return (mask >> static_cast<unsigned>(i) & 1U) != 0; }

struct Tiles {
  bool configured = false;
  std::uint8_t rows[8][16][64];
};
inline thread_local Tiles tiles;

inline std::uint8_t (&tile(int index))[16][64] {
  if (!tiles.configured) std::abort();
  return tiles.rows[index];
}

}  // namespace model

// Vectors.

inline __m512 _mm512_setzero_ps() { return __m512{}; }
inline __m512i _mm512_setzero_si512() { return __m512i{}; }
inline __m512 _mm512_set1_ps(float x) {
  return model::Floats::each([&](int) { return x; }).as<__m512>();
}
inline __m512i _mm512_set1_epi32(int x) {
  return model::Lanes<std::int32_t, 16>::each([&](int) { return x; }).as<__m512i>();
}
inline __m512i _mm512_set4_epi32(int d, int c, int b, int a) {
  const int quarter[4] = {a, b, c, d};
  return model::Lanes<std::int32_t, 16>::each([&](int i) { return quarter[i % 4]; }).as<__m512i>();
}
inline __m512i _mm512_set1_epi16(short x) {
  return model::Shorts::each([&](int) { return x; }).as<__m512i>();
}
template <class... Values>
__m512 _mm512_setr_ps(Values... values) {
  return model::Floats{{static_cast<float>(values)...}}.as<__m512>();
}
inline __m512 _mm512_castsi512_ps(__m512i x) { return __builtin_bit_cast(__m512, x); }
inline __m512i _mm512_castps_si512(__m512 x) { return __builtin_bit_cast(__m512i, x); }

inline __m512 _mm512_loadu_ps(const void* from) { return model::read<__m512>(from); }
inline __m512 _mm512_load_ps(const void* from) { return model::read_aligned<__m512>(from); }
inline __m512i _mm512_loadu_si512(const void* from) { return model::read<__m512i>(from); }
inline __m512i _mm512_load_si512(const void* from) { return model::read_aligned<__m512i>(from); }
inline __m256i _mm256_loadu_si256(const __m256i* from) { return model::read<__m256i>(from); }
inline void _mm512_storeu_ps(void* to, __m512 x) { std::memcpy(to, &x, sizeof(x)); }
inline void _mm512_mask_storeu_ps(float* to, __mmask16 mask, __m512 x) {
  for (int i = 0; i < 16; ++i) {
    if (model::bit(mask, i)) to[i] = x[i];
  }
}
inline void _mm512_store_ps(void* to, __m512 x) { model::write_aligned(to, x); }
inline void _mm512_storeu_si512(void* to, __m512i x) { std::memcpy(to, &x, sizeof(x)); }
inline void _mm512_store_si512(void* to, __m512i x) { model::write_aligned(to, x); }
inline void _mm256_storeu_si256(__m256i* to, __m256i x) { std::memcpy(to, &x, sizeof(x)); }

inline __m512i _mm512_maskz_loadu_epi16(__mmask32 mask, const void* from) {
  const auto* const halves = static_cast<const std::uint16_t*>(from);
  return model::Halves::each([&](int i) { return model::bit(mask, i) ? halves[i] : 0; })
      .as<__m512i>();
}
inline __m256i _mm256_maskz_loadu_epi16(__mmask16 mask, const void* from) {
  const auto* const halves = static_cast<const std::uint16_t*>(from);
  return model::Lanes<std::uint16_t, 16>::each(
             [&](int i) { return model::bit(mask, i) ? halves[i] : 0; })
      .as<__m256i>();
}
inline void _mm256_mask_storeu_epi16(void* to, __mmask16 mask, __m256i x) {
  const auto halves = model::Lanes<std::uint16_t, 16>::of(x);
  for (int i = 0; i < 16; ++i) {
    if (model::bit(mask, i)) static_cast<std::uint16_t*>(to)[i] = halves.at[i];
  }
}
inline __m256i _mm256_mask_set1_epi16(__m256i x, __mmask16 mask, short value) {
  const auto halves = model::Lanes<std::int16_t, 16>::of(x);
  return model::Lanes<std::int16_t, 16>::each(
             [&](int i) { return model::bit(mask, i) ? value : halves.at[i]; })
      .as<__m256i>();
}

inline __m512 _mm512_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  return model::Floats::each([&](int i) { return std::fma(a[i], b[i], c[i]); }).as<__m512>();
}
inline __m512 _mm512_abs_ps(__m512 x) {
  return model::Floats::each([&](int i) { return std::fabs(x[i]); }).as<__m512>();
}
// The second operand where one is NaN.
inline __m512 _mm512_maskz_min_ps(__mmask16 mask, __m512 a, __m512 b) {
  return model::Floats::each([&](int i) {
           return !model::bit(mask, i) ? 0.0F : a[i] < b[i] ? a[i] : b[i];
         })
      .as<__m512>();
}
inline __m512 _mm512_maskz_max_ps(__mmask16 mask, __m512 a, __m512 b) {
  return model::Floats::each([&](int i) {
           return !model::bit(mask, i) ? 0.0F : a[i] > b[i] ? a[i] : b[i];
         })
      .as<__m512>();
}
inline __m512 _mm512_reduce_ps(__m512 x, int mode) {
  if (mode != (_MM_FROUND_FLOOR | _MM_FROUND_NO_EXC)) std::abort();
  return model::Floats::each(
             [&](int i) { return std::isinf(x[i]) ? 0.0F : x[i] - std::floor(x[i]); })
      .as<__m512>();
}
inline __m512 _mm512_maskz_scalef_ps(__mmask16 mask, __m512 a, __m512 b) {
  return model::Floats::each(
             [&](int i) { return model::bit(mask, i) ? a[i] * std::exp2(std::floor(b[i])) : 0.0F; })
      .as<__m512>();
}
inline __mmask16 _mm512_cmp_ps_mask(__m512 a, __m512 b, int relation) {
  if (relation != _CMP_LE_OQ && relation != _CMP_GT_OQ && relation != _CMP_UNORD_Q) std::abort();
  unsigned mask = 0;
  for (int i = 0; i < 16; ++i) {
    const bool holds = relation == _CMP_LE_OQ   ? a[i] <= b[i]
                       : relation == _CMP_GT_OQ ? a[i] > b[i]
                                                : std::isnan(a[i]) || std::isnan(b[i]);
    mask |= static_cast<unsigned>(holds) << static_cast<unsigned>(i);
  }
  return static_cast<__mmask16>(mask);
}
inline __m512 _mm512_mask_mov_ps(__m512 other, __mmask16 mask, __m512 x) {
  return model::Floats::each([&](int i) { return model::bit(mask, i) ? x[i] : other[i]; })
      .as<__m512>();
}
inline __m512i _mm512_mask_mov_epi32(__m512i other, __mmask16 mask, __m512i x) {
  const auto kept = model::Words::of(other);
  const auto words = model::Words::of(x);
  return model::Words::each([&](int i) { return model::bit(mask, i) ? words.at[i] : kept.at[i]; })
      .as<__m512i>();
}
inline __m512 _mm512_permutex2var_ps(__m512 a, __m512i index, __m512 b) {
  const auto indices = model::Words::of(index);
  return model::Floats::each([&](int i) {
           const std::uint32_t from = indices.at[i] % 32;
           return from < 16 ? a[from] : b[from - 16];
         })
      .as<__m512>();
}

inline __m512i _mm512_xor_si512(__m512i a, __m512i b) { return a ^ b; }
inline __m512i _mm512_or_si512(__m512i a, __m512i b) { return a | b; }
inline __m512i _mm512_max_epi16(__m512i a, __m512i b) {
  const auto left = model::Shorts::of(a);
  const auto right = model::Shorts::of(b);
  return model::Shorts::each(
             [&](int i) { return left.at[i] > right.at[i] ? left.at[i] : right.at[i]; })
      .as<__m512i>();
}
inline __m512i _mm512_sub_epi16(__m512i a, __m512i b) {
  const auto left = model::Halves::of(a);
  const auto right = model::Halves::of(b);
  return model::Halves::each([&](int i) { return left.at[i] - right.at[i]; }).as<__m512i>();
}
inline __m512i _mm512_srli_epi16(__m512i x, unsigned count) {
  const auto halves = model::Halves::of(x);
  return model::Halves::each([&](int i) { return halves.at[i] >> count; }).as<__m512i>();
}
inline __m512i _mm512_maskz_slli_epi32(__mmask16 mask, __m512i x, unsigned count) {
  const auto words = model::Words::of(x);
  return model::Words::each([&](int i) { return model::bit(mask, i) ? words.at[i] << count : 0; })
      .as<__m512i>();
}
inline __m512i _mm512_maskz_permutexvar_epi8(__mmask64 mask, __m512i index, __m512i x) {
  const auto indices = model::Bytes::of(index);
  const auto bytes = model::Bytes::of(x);
  return model::Bytes::each(
             [&](int i) { return model::bit(mask, i) ? bytes.at[indices.at[i] % 64] : 0; })
      .as<__m512i>();
}
// Bytes of x within quarters; 0 where the index is negative.
inline __m512i _mm512_shuffle_epi8(__m512i x, __m512i index) {
  const auto bytes = model::Bytes::of(x);
  const auto indices = model::Bytes::of(index);
  return model::Bytes::each([&](int i) {
           const int from = indices.at[i];
           return from < 128 ? bytes.at[i / 16 * 16 + from % 16] : 0;
         })
      .as<__m512i>();
}
// Of each four words of a and b in turns, within quarters.
inline __m512i _mm512_packs_epi32(__m512i a, __m512i b) {
  const auto left = model::Lanes<std::int32_t, 16>::of(a);
  const auto right = model::Lanes<std::int32_t, 16>::of(b);
  return model::Shorts::each([&](int i) {
           const int word = i / 8 * 4 + i % 4;
           const std::int32_t x = i % 8 < 4 ? left.at[word] : right.at[word];
           return x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x;
         })
      .as<__m512i>();
}

// The first and the last four halves of each quarter of a and b, in turns.
inline __m512i _mm512_unpacklo_epi16(__m512i a, __m512i b) {
  const auto left = model::Halves::of(a);
  const auto right = model::Halves::of(b);
  return model::Halves::each([&](int i) {
           const int half = i / 8 * 8 + i % 8 / 2;
           return i % 2 == 0 ? left.at[half] : right.at[half];
         })
      .as<__m512i>();
}
inline __m512i _mm512_unpackhi_epi16(__m512i a, __m512i b) {
  const auto left = model::Halves::of(a);
  const auto right = model::Halves::of(b);
  return model::Halves::each([&](int i) {
           const int half = i / 8 * 8 + 4 + i % 8 / 2;
           return i % 2 == 0 ? left.at[half] : right.at[half];
         })
      .as<__m512i>();
}

inline __m512i _mm512_maskz_cvtepu16_epi32(__mmask16 mask, __m256i x) {
  const auto halves = model::Lanes<std::uint16_t, 16>::of(x);
  return model::Words::each([&](int i) { return model::bit(mask, i) ? halves.at[i] : 0U; })
      .as<__m512i>();
}
inline __m512i _mm512_maskz_cvtps_epi32(__mmask16 mask, __m512 x) {
  return model::Lanes<std::int32_t, 16>::each([&](int i) {
           if (!model::bit(mask, i)) return 0;
           const bool fits = x[i] >= -0x1p31F && x[i] < 0x1p31F;
           return fits ? static_cast<std::int32_t>(std::nearbyint(x[i])) : INT32_MIN;
         })
      .as<__m512i>();
}
inline __m256bh _mm512_cvtneps_pbh(__m512 x) {
  return model::Lanes<std::uint16_t, 16>::each([&](int i) { return model::to_bf16(x[i]); })
      .as<__m256bh>();
}
inline __m512bh _mm512_cvtne2ps_pbh(__m512 high, __m512 low) {
  return model::Halves::each([&](int i) { return model::to_bf16(i < 16 ? low[i] : high[i - 16]); })
      .as<__m512bh>();
}

inline __m512 _mm512_dpbf16_ps(__m512 sum, __m512bh a, __m512bh b) {
  const auto left = model::Halves::of(a);
  const auto right = model::Halves::of(b);
  const auto product = [&](int i) {
    return model::from_bf16(left.at[i]) * model::from_bf16(right.at[i]);
  };
  return model::Floats::each([&](int i) { return sum[i] + product(2 * i + 1) + product(2 * i); })
      .as<__m512>();
}

// Tiles.

// Only the configuration of eight whole tiles is known.
inline void _tile_loadconfig(const void* from) {
  const auto* const config = static_cast<const std::uint8_t*>(from);
  bool whole = config[0] == 1 && config[1] == 0;
  for (int i = 0; i < 8; ++i) {
    whole = whole && model::read<std::uint16_t>(config + 16 + 2 * i) == 64 && config[48 + i] == 16;
  }
  if (!whole) std::abort();
  model::tiles.configured = true;
  std::memset(model::tiles.rows, 0, sizeof(model::tiles.rows));
}
inline void _tile_release() { model::tiles.configured = false; }
inline void _tile_zero(int tile) { std::memset(model::tile(tile), 0, 1024); }
inline void _tile_loadd(int tile, const void* from, std::int64_t step) {
  auto& rows = model::tile(tile);
  for (int i = 0; i < 16; ++i) {
    std::memcpy(rows[i], static_cast<const std::uint8_t*>(from) + i * step, 64);
  }
}
inline void _tile_stored(int tile, void* to, std::int64_t step) {
  const auto& rows = model::tile(tile);
  for (int i = 0; i < 16; ++i) {
    std::memcpy(static_cast<std::uint8_t*>(to) + i * step, rows[i], 64);
  }
}
inline void _tile_dpbf16ps(int sums, int left, int right) {
  for (int row = 0; row < 16; ++row) {
    auto sum = model::read<model::Floats>(model::tile(sums)[row]);
    const auto a = model::read<model::Halves>(model::tile(left)[row]);
    for (int k = 0; k < 16; ++k) {
      const auto b = model::read<model::Halves>(model::tile(right)[k]);
      const float even = model::from_bf16(a.at[2 * k]);
      const float odd = model::from_bf16(a.at[2 * k + 1]);
      for (int n = 0; n < 16; ++n) {
        sum.at[n] += even * model::from_bf16(b.at[2 * n]);
        sum.at[n] += odd * model::from_bf16(b.at[2 * n + 1]);
      }
    }
    std::memcpy(model::tile(sums)[row], &sum, 64);
  }
}
