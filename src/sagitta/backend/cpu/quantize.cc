#include "sagitta/backend/cpu/quantize.h"

#include "sagitta/backend/cpu/simd.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  // elements: large against the cost of waking a thread
constexpr float kSteps = 255;

// Floats in the order of their values as integers, NaN beyond the infinities, so that a compiler
// makes vectors of the search for the extremes.
[[gnu::always_inline]] inline std::int32_t ordered(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}
float from_ordered(std::int32_t key) {
  return std::bit_cast<float>(key ^ ((key >> 31) & 0x7FFFFFFF));
}

// The extremes of a set and 0, as ordered integers.
struct Extremes {
  std::int32_t least = 0;
  std::int32_t greatest = 0;
};

struct FindExtremes {
  template <class T>
  [[gnu::always_inline]] static void run(const T* x, std::int64_t count, Extremes* found) {
    std::int32_t least = found->least;
    std::int32_t greatest = found->greatest;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t key = ordered(to_float(x[i]));
      least = key < least ? key : least;
      greatest = key > greatest ? key : greatest;
    }
    found->least = least;
    found->greatest = greatest;
  }
};

// What a set of values needs to become bytes.
struct Steps {
  ByteScale scale;
  float per_unit = 0;  // bytes
};

Steps steps_for(const ByteScale& scale) {
  const bool usable = scale.scale >= std::numeric_limits<float>::min();  // false for NaN
  return {scale, usable ? 1 / scale.scale : 0.0F};
}

Steps steps_between(const Extremes& extremes) {
  constexpr auto kInfinity = std::bit_cast<std::int32_t>(std::numeric_limits<float>::infinity());
  if (extremes.greatest >= kInfinity ||
      extremes.least <= ordered(-std::numeric_limits<float>::infinity())) {
    return {{.scale = std::numeric_limits<float>::quiet_NaN(), .zero = 0}, 0};
  }
  const float least = from_ordered(extremes.least);
  // Divided first, since the distance of two large numbers may be infinite.
  const float scale = from_ordered(extremes.greatest) / kSteps - least / kSteps;
  Steps steps = steps_for({.scale = scale, .zero = 0});
  if (steps.per_unit == 0) steps.scale.scale = 0;
  steps.scale.zero = static_cast<std::int32_t>(-least * steps.per_unit + 0.5F);
  return steps;
}

struct ToBytes {
  template <class T>
  [[gnu::always_inline]] static void run(const T* x, std::int64_t count, float per_unit,
                                         std::int32_t zero, std::uint8_t* __restrict bytes) {
    const float shift = static_cast<float>(zero) + 0.5F;
    for (std::int64_t i = 0; i < count; ++i) {
      float step = to_float(x[i]) * per_unit + shift;
      step = step < 0 ? 0.0F : step;
      step = step > kSteps ? kSteps : step;
      bytes[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(step));
    }
  }
};

template <class T>
void to_bytes(const T* x, std::int64_t count, const Steps& steps, std::uint8_t* bytes) {
  if (steps.per_unit == 0) {  // also where x has NaN, which is no byte
    std::memset(bytes, 0, static_cast<std::size_t>(count));
    return;
  }
  for_best_isa<ToBytes>(x, count, steps.per_unit, steps.scale.zero, bytes);
}

template <class T>
void rows_of(const T* x, std::int64_t rows, std::int64_t width, std::uint8_t* bytes,
             ByteScale* scales) {
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / width);
  parallel_ranges(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* const values = x + row * width;
      Extremes extremes;
      for_best_isa<FindExtremes>(values, width, &extremes);
      const Steps steps = steps_between(extremes);
      scales[row] = steps.scale;
      to_bytes(values, width, steps, bytes + row * width);
    }
  });
}

template <class T>
ByteScale scale_of(const T* x, std::int64_t count) {
  const std::int64_t blocks = (count + kGrain - 1) / kGrain;
  std::vector<Extremes> found(static_cast<std::size_t>(blocks));
  parallel_ranges(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    Extremes own;
    for_best_isa<FindExtremes>(x + begin, end - begin, &own);
    found[static_cast<std::size_t>(begin / kGrain)] = own;
  });
  Extremes all;
  for (const Extremes& part : found) {
    all.least = std::min(all.least, part.least);
    all.greatest = std::max(all.greatest, part.greatest);
  }
  return steps_between(all).scale;
}

template <class T>
void image_of(const T* x, const Frame& frame, const ByteScale& scale, std::uint8_t* bytes) {
  const std::int64_t row = frame.width * frame.channels;
  const std::int64_t outer_row = frame.outer_width() * frame.channels;
  const auto left = static_cast<std::size_t>(frame.before * frame.channels);
  const auto right = static_cast<std::size_t>(frame.after * frame.channels);
  const Steps steps = steps_for(scale);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / outer_row);
  parallel_ranges(frame.outer_height(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t outer = begin; outer < end; ++outer) {
      const std::int64_t y = outer - frame.before;
      std::uint8_t* const line = bytes + outer * outer_row;
      if (y < 0 || y >= frame.height) {
        std::memset(line, scale.zero, static_cast<std::size_t>(outer_row));
        continue;
      }
      std::memset(line, scale.zero, left);
      to_bytes(x + y * row, row, steps, line + left);
      std::memset(line + left + row, scale.zero, right);
    }
  });
}

}  // namespace

ByteScale scale_for(DType type, const void* x, std::int64_t count) {
  return type == DType::bf16 ? scale_of(static_cast<const Bf16*>(x), count)
                             : scale_of(static_cast<const float*>(x), count);
}

void quantize_rows(DType type, const void* x, std::int64_t rows, std::int64_t width,
                   std::uint8_t* bytes, ByteScale* scales) {
  if (type == DType::bf16) {
    rows_of(static_cast<const Bf16*>(x), rows, width, bytes, scales);
  } else {
    rows_of(static_cast<const float*>(x), rows, width, bytes, scales);
  }
}

void quantize_image(DType type, const void* x, const Frame& frame, const ByteScale& scale,
                    std::uint8_t* bytes) {
  if (type == DType::bf16) {
    image_of(static_cast<const Bf16*>(x), frame, scale, bytes);
  } else {
    image_of(static_cast<const float*>(x), frame, scale, bytes);
  }
}

}  // namespace sagitta::cpu
