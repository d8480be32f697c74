#include "sagitta/backend/cpu/weights_upsample.h"

#include "sagitta/backend/cpu/simd.h"

#include <array>
#include <numeric>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kTaps = 9;
constexpr std::int64_t kQuarterTaps = 4;
constexpr std::int64_t kGrain = 4096;  // kernels of one pair of channels

template <class Block>
float* floats(const Block& block) {
  return static_cast<float*>(block.data());
}

std::size_t float_bytes(std::int64_t count) {
  return static_cast<std::size_t>(count) * sizeof(float);
}

// Which of three taps along one axis make up tap t of quarter i: first and one behind last.
struct Range {
  int first;
  int last;
};
constexpr Range taps_of(int i, int t) {
  if (t == 0) return {0, i == 0 ? 1 : 2};
  return {i == 0 ? 1 : 2, 3};
}

void sum_taps(const float* nine, int i, int j, float* four) {
  for (int ty = 0; ty < 2; ++ty) {
    for (int tx = 0; tx < 2; ++tx) {
      const auto [top, bottom] = taps_of(i, ty);
      const auto [left, right] = taps_of(j, tx);
      float sum = 0;
      for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) sum += nine[3 * y + x];
      }
      four[2 * ty + tx] = sum;
    }
  }
}

// The inverse: a corner tap is a tap of its quarter, and the sums hold the others. q: [2i + j].
void split_taps(const std::array<const float*, 4>& q, float* nine) {
  nine[0] = q[0][0];
  nine[2] = q[1][1];
  nine[6] = q[2][2];
  nine[8] = q[3][3];
  nine[1] = q[1][0] - nine[0];
  nine[3] = q[2][0] - nine[0];
  nine[5] = q[3][1] - nine[2];
  nine[7] = q[3][2] - nine[6];
  nine[4] = q[3][0] - nine[0] - nine[1] - nine[3];
}

}  // namespace

PackedUpsample::PackedUpsample(Device& device, const StoredTensor& values)
    : shape_{values.shape[0], values.shape[1], 2, 2} {
  const std::int64_t pairs = values.shape[0] * values.shape[1];
  const PoolBlock whole(device, staging_bytes(float_bytes(pairs * kTaps)));
  widen_in_parallel(values, floats(whole));
  const PoolBlock part(device, staging_bytes(float_bytes(pairs * kQuarterTaps)));
  const Layout layout = usual_conv_layout(device, shape_);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      parallel_ranges(pairs, kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t pair = begin; pair < end; ++pair) {
          sum_taps(floats(whole) + pair * kTaps, i, j, floats(part) + pair * kQuarterTaps);
        }
      });
      quarters_.emplace_back(device, layout, kernel_layout(DType::f32, shape_), part.data());
    }
  }
}

std::size_t PackedUpsample::bytes() const {
  return std::accumulate(
      quarters_.begin(), quarters_.end(), std::size_t{0},
      [](std::size_t sum, const PackedValues& part) { return sum + part.bytes(); });
}

const PackedValues& PackedUpsample::whole(Device& device) const {
  const std::lock_guard lock(mutex_);
  if (whole_) return *whole_;
  const Context& context = device.context<Context>();
  const std::int64_t pairs = shape_[0] * shape_[1];
  const Layout plain = kernel_layout(DType::f32, shape_);
  std::array<SystemBlock, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = SystemBlock(device, float_bytes(pairs * kQuarterTaps));
    dnnl::stream stream = context.stream;
    reorder(context.engine, stream, quarters_[i].layout(),
            quarters_[i].in(device, quarters_[i].layout()), plain, parts[i].data());
  }
  const SystemBlock nine(device, float_bytes(pairs * kTaps));
  parallel_ranges(pairs, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pair = begin; pair < end; ++pair) {
      const std::int64_t at = pair * kQuarterTaps;
      split_taps({floats(parts[0]) + at, floats(parts[1]) + at, floats(parts[2]) + at,
                  floats(parts[3]) + at},
                 floats(nine) + pair * kTaps);
    }
  });
  const Shape shape{shape_[0], shape_[1], 3, 3};
  whole_.emplace(device, usual_conv_layout(device, shape), kernel_layout(DType::f32, shape),
                 nine.data());
  return *whole_;
}

}  // namespace sagitta::cpu
