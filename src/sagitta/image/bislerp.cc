#include "sagitta/image/bislerp.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sagitta {
namespace {

// Between which two source cells a target cell lies, and how far along.
struct Between {
  std::int64_t first = 0;
  std::int64_t second = 0;
  float ratio = 0;
};

// Upstream resizes the list of indices itself bilinearly, and cuts. So rounding may place a cell at
// ratio 0.9999999 behind one index instead of at the next; the value is the same to rounding.
std::vector<Between> places(std::int64_t from, std::int64_t to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  const auto blend = [](std::int64_t a, std::int64_t b, float weight) {
    return static_cast<float>(a) * (1 - weight) + static_cast<float>(b) * weight;
  };
  std::vector<Between> all;
  for (std::int64_t i = 0; i < to; ++i) {
    const float at = std::max(0.0F, scale * (static_cast<float>(i) + 0.5F) - 0.5F);
    const std::int64_t low = std::min(static_cast<std::int64_t>(at), from - 1);
    const std::int64_t high = std::min(low + 1, from - 1);
    const float weight = at - static_cast<float>(low);
    const float here = blend(low, high, weight);
    const float next = blend(std::min(low + 1, from - 1), std::min(high + 1, from - 1), weight);
    all.push_back({.first = static_cast<std::int64_t>(here),
                   .second = static_cast<std::int64_t>(next),
                   .ratio = here - std::floor(here)});
  }
  return all;
}

float norm(const float* v, std::int64_t count) {
  float sum = 0;
  for (std::int64_t c = 0; c < count; ++c) sum += v[c] * v[c];
  return std::sqrt(sum);
}

void slerp(const float* a, const float* b, float ratio, std::int64_t count, float* out) {
  constexpr float kNear = 1e-5F;
  const float norm_a = norm(a, count);
  const float norm_b = norm(b, count);
  const auto unit = [](float value, float length) { return length == 0 ? 0.0F : value / length; };
  float dot = 0;
  for (std::int64_t c = 0; c < count; ++c) dot += unit(a[c], norm_a) * unit(b[c], norm_b);
  if (dot > 1 - kNear) {
    std::copy_n(a, count, out);
  } else if (dot < kNear - 1) {
    for (std::int64_t c = 0; c < count; ++c) out[c] = a[c] * (1 - ratio) + b[c] * ratio;
  } else {
    const float omega = std::acos(dot);
    const float sine = std::sin(omega);
    const float weight_a = std::sin((1 - ratio) * omega) / sine;
    const float weight_b = std::sin(ratio * omega) / sine;
    const float length = norm_a * (1 - ratio) + norm_b * ratio;
    for (std::int64_t c = 0; c < count; ++c) {
      out[c] = (weight_a * unit(a[c], norm_a) + weight_b * unit(b[c], norm_b)) * length;
    }
  }
}

}  // namespace

Array resize_bislerp(const Array& x, std::int64_t height, std::int64_t width) {
  require(x.rank() == 4 && x.size() > 0, Fault::bad_input,
          "bislerp resizes latents (batch, channels, height, width), got {}", to_string(x.shape()));
  const Array cells = to_channels_last(x);
  const std::int64_t batch = x.dim(0);
  const std::int64_t channels = x.dim(1);
  const std::int64_t rows = x.dim(2);
  const std::int64_t cols = x.dim(3);
  Array wide({batch, rows, width, channels});
  float* to = wide.data();
  const std::vector<Between> across = places(cols, width);
  for (std::int64_t row = 0; row < batch * rows; ++row) {
    const float* from = cells.data() + row * cols * channels;
    for (const Between& at : across) {
      slerp(from + at.first * channels, from + at.second * channels, at.ratio, channels, to);
      to += channels;
    }
  }
  Array out({batch, height, width, channels});
  to = out.data();
  const std::vector<Between> down = places(rows, height);
  for (std::int64_t b = 0; b < batch; ++b) {
    const float* from = wide.data() + b * rows * width * channels;
    for (const Between& at : down) {
      for (std::int64_t c = 0; c < width; ++c) {
        slerp(from + (at.first * width + c) * channels, from + (at.second * width + c) * channels,
              at.ratio, channels, to);
        to += channels;
      }
    }
  }
  return to_channels_first(out);
}

}  // namespace sagitta
