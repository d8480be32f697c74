#include "sagitta/backend/cpu/weights_int8.h"

#include "sagitta/backend/cpu/simd.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace sagitta::cpu {
namespace {

// A weight's values as steps, in the order in which they came.
struct Steps {
  SystemBlock values;  // int8
  Int8Columns columns;
};

// The largest magnitude of a channel, as its bits, which are in the order of the values.
struct LargestMagnitude {
  [[gnu::always_inline]] static void run(const float* values, std::int64_t count,
                                         std::uint32_t* bits) {
    std::uint32_t largest = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(values[i]) & 0x7FFFFFFFU;
      largest = magnitude > largest ? magnitude : largest;
    }
    *bits = largest;
  }
};

struct ToSteps {
  [[gnu::always_inline]] static void run(const float* values, std::int64_t count, float per_unit,
                                         std::int8_t* __restrict steps, std::int32_t* total) {
    constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves no digits after the point
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto step = static_cast<std::int32_t>((values[i] * per_unit + kRound) - kRound);
      steps[i] = static_cast<std::int8_t>(step);
      sum += step;
    }
    *total = sum;
  }
};

// One output channel: the largest magnitude becomes `levels`. A channel with NaN or an infinity
// gives NaN, one without values worth mentioning 0.
void to_steps(const float* values, std::int64_t count, int levels, std::int8_t* steps, float* scale,
              std::int32_t* total) {
  std::uint32_t bits = 0;
  for_best_isa<LargestMagnitude>(values, count, &bits);
  const auto largest = std::bit_cast<float>(bits);
  *scale = std::isfinite(largest) ? largest / static_cast<float>(levels)
                                  : std::numeric_limits<float>::quiet_NaN();
  if (*scale >= std::numeric_limits<float>::min()) {
    return for_best_isa<ToSteps>(values, count, 1 / *scale, steps, total);
  }
  if (std::isfinite(*scale)) *scale = 0;
  std::fill_n(steps, count, std::int8_t{0});
  *total = 0;
}

Steps make_steps(Device& device, const float* values, std::int64_t out, std::int64_t count) {
  const auto channels = static_cast<std::size_t>(out);
  Steps steps{SystemBlock(device, static_cast<std::size_t>(out * count)),
              {SystemBlock(device, channels * sizeof(float)),
               SystemBlock(device, channels * sizeof(std::int32_t))}};
  const int levels = device.context<Context>().int8_levels;
  auto* const bytes = static_cast<std::int8_t*>(steps.values.data());
  auto* const scales = static_cast<float*>(steps.columns.scales.data());
  auto* const totals = static_cast<std::int32_t*>(steps.columns.totals.data());
  parallel_ranges(out, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      to_steps(values + row * count, count, levels, bytes + row * count, scales + row,
               totals + row);
    }
  });
  return steps;
}

}  // namespace

bool wants_int8(const Device& device, const Shape& shape) {
  if (device.context<Context>().int8_levels == 0) return false;
  constexpr std::int64_t kLeastChannels = 32;
  constexpr std::int64_t kMostTerms = 1 << 16;  // 255 * 127 times this fits into 31 bits
  const std::int64_t in = element_count(shape) / shape[0];
  return shape[0] >= kLeastChannels && shape[1] >= kLeastChannels && in <= kMostTerms;
}

PackedMatrix pack_matrix_int8(Device& device, const float* rows, std::int64_t out,
                              std::int64_t in) {
  const MatmulProblem usual{.type = kIntegers, .rows = 1024, .in = in, .out = out};
  const Plan plan = plan_matmul(device.context<Context>().engine, usual, nullptr);
  Steps steps = make_steps(device, rows, out, in);
  return {in,
          out,
          {device, plan.weights, matrix_layout(DType::i8, in, out), steps.values.data()},
          std::move(steps.columns)};
}

PackedConv pack_conv_int8(Device& device, const float* values, const Shape& shape) {
  // Of a picture that has its frame already, as the kernel sees it.
  constexpr std::int64_t kSide = 64;
  const ConvProblem usual{.type = kIntegers,
                          .height = kSide + shape[2],
                          .width = kSide + shape[3],
                          .in = shape[1],
                          .out = shape[0],
                          .kernel_h = shape[2],
                          .kernel_w = shape[3]};
  const Plan plan = plan_conv(device.context<Context>().engine, usual, nullptr);
  Steps steps = make_steps(device, values, shape[0], element_count(shape) / shape[0]);
  return {{device, plan.weights, kernel_layout(DType::i8, shape), steps.values.data()},
          std::move(steps.columns)};
}

}  // namespace sagitta::cpu
