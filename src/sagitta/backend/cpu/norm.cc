#include "sagitta/backend/cpu/norm.h"

#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  // elements: large against the cost of waking a thread

// Positions whose sums are taken in f32: few enough to stay in the second-level cache between the
// pass for the means and the pass for the squared distances from them.
constexpr std::int64_t kTile = 64;

// mean[c] = the mean of x[p][c] over p; distance[c] = the sum of (x[p][c] - mean[c])^2.
struct TileStatistics {
  template <class T>
  [[gnu::always_inline]] static void run(const T* x, std::int64_t positions, std::int64_t channels,
                                         float* __restrict mean, float* __restrict distance) {
    std::fill_n(mean, channels, 0.0F);
    std::fill_n(distance, channels, 0.0F);
    std::int64_t p = 0;
    for (; p + 4 <= positions; p += 4) {
      const T* row = x + p * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        mean[c] += (to_float(row[c]) + to_float(row[c + channels])) +
                   (to_float(row[c + 2 * channels]) + to_float(row[c + 3 * channels]));
      }
    }
    for (; p < positions; ++p) {
      for (std::int64_t c = 0; c < channels; ++c) mean[c] += to_float(x[p * channels + c]);
    }
    const float share = 1.0F / static_cast<float>(positions);
    for (std::int64_t c = 0; c < channels; ++c) mean[c] *= share;

    for (p = 0; p + 4 <= positions; p += 4) {
      const T* row = x + p * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const float a = to_float(row[c]) - mean[c];
        const float b = to_float(row[c + channels]) - mean[c];
        const float d = to_float(row[c + 2 * channels]) - mean[c];
        const float e = to_float(row[c + 3 * channels]) - mean[c];
        distance[c] += (a * a + b * b) + (d * d + e * e);
      }
    }
    for (; p < positions; ++p) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const float a = to_float(x[p * channels + c]) - mean[c];
        distance[c] += a * a;
      }
    }
  }
};

// Count, mean and summed squared distance of a growing set (Chan, Golub and LeVeque 1979). Unlike
// sums of squares these lose nothing when the mean is large against the deviation.
struct Moments {
  double count = 0;
  double mean = 0;
  double distance = 0;

  void add(const Moments& other) {
    const double total = count + other.count;
    const double share = other.count / total;
    const double delta = other.mean - mean;
    mean += delta * share;
    distance += other.distance + delta * delta * count * share;
    count = total;
  }
};

// The moments of a group in one tile: its channels all have the same count.
Moments merge_channels(std::int64_t count, std::int64_t channels, const float* mean,
                       const float* distance) {
  double sum = 0;
  for (std::int64_t c = 0; c < channels; ++c) sum += mean[c];
  const double centre = sum / static_cast<double>(channels);
  double inside = 0;
  double between = 0;
  for (std::int64_t c = 0; c < channels; ++c) {
    inside += distance[c];
    between += (mean[c] - centre) * (mean[c] - centre);
  }
  return {.count = static_cast<double>(count * channels),
          .mean = centre,
          .distance = inside + between * static_cast<double>(count)};
}

// What group_norm does: out = (x - mean) * scale + beta. Folding the mean into beta would save a
// subtraction, but lose digits where the deviation is small against the mean.
struct GroupScaling {
  std::vector<float> mean;   // (B, C)
  std::vector<float> scale;  // (B, C)
};

template <class T>
GroupScaling find_scaling(const GroupNormArgs& args) {
  const std::int64_t batch = args.x.dim(0);
  const std::int64_t positions = args.x.dim(1) * args.x.dim(2);
  const std::int64_t channels = args.x.dim(3);
  const std::int64_t per_group = channels / args.groups;
  const T* x = args.x.data<T>();

  // Each block of positions leaves its moments per group: enough blocks for many threads, few
  // enough to be merged quickly.
  constexpr std::int64_t kBlocks = 128;
  const std::int64_t tiles = (positions + kTile - 1) / kTile;
  const std::int64_t block = (tiles + kBlocks - 1) / kBlocks * kTile;
  const std::int64_t blocks = (positions + block - 1) / block;
  std::vector<Moments> moments(static_cast<std::size_t>(batch * blocks * args.groups));
  std::vector<float> tile(static_cast<std::size_t>(batch * blocks * channels * 2));
  parallel_ranges(batch * blocks, 1, [&](std::int64_t begin, std::int64_t) {
    const std::int64_t sample = begin / blocks;
    const std::int64_t first = begin % blocks * block;
    const std::int64_t last = std::min(first + block, positions);
    Moments* found = moments.data() + begin * args.groups;
    float* mean = tile.data() + begin * channels * 2;
    float* distance = mean + channels;
    for (std::int64_t p = first; p < last; p += kTile) {
      const std::int64_t count = std::min(kTile, last - p);
      for_best_isa<TileStatistics>(x + (sample * positions + p) * channels, count, channels, mean,
                                   distance);
      for (std::int64_t group = 0; group < args.groups; ++group) {
        found[group].add(merge_channels(count, per_group, mean + group * per_group,
                                        distance + group * per_group));
      }
    }
  });

  const float* gamma = vector_values(args.gamma);
  const auto size = static_cast<std::size_t>(batch * channels);
  GroupScaling scaling{.mean = std::vector<float>(size), .scale = std::vector<float>(size)};
  for (std::int64_t sample = 0; sample < batch; ++sample) {
    for (std::int64_t group = 0; group < args.groups; ++group) {
      Moments all;
      for (std::int64_t i = 0; i < blocks; ++i) {
        all.add(moments[static_cast<std::size_t>((sample * blocks + i) * args.groups + group)]);
      }
      const double inverse = 1 / std::sqrt(all.distance / all.count + args.eps);
      for (std::int64_t c = group * per_group; c < (group + 1) * per_group; ++c) {
        const auto i = static_cast<std::size_t>(sample * channels + c);
        scaling.mean[i] = static_cast<float>(all.mean);
        scaling.scale[i] = static_cast<float>(gamma[c] * inverse);
      }
    }
  }
  return scaling;
}

template <bool kSilu>
struct ApplyScaling {
  template <class T>
  [[gnu::always_inline]] static void run(const T* x, const float* mean, const float* scale,
                                         const float* beta, T* __restrict out, std::int64_t rows,
                                         std::int64_t channels) {
    for (std::int64_t r = 0; r < rows; ++r, x += channels, out += channels) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const float value = (to_float(x[c]) - mean[c]) * scale[c] + beta[c];
        if constexpr (!kSilu) {
          store(value, &out[c]);
        } else if constexpr (std::is_same_v<T, Bf16>) {
          store(short_silu(value), &out[c]);
        } else {
          store(silu(value), &out[c]);
        }
      }
    }
  }
};

template <class T>
void group_norm_of(const GroupNormArgs& args, Tensor& out) {
  const GroupScaling scaling = find_scaling<T>(args);
  const float* beta = vector_values(args.beta);
  const std::int64_t positions = args.x.dim(1) * args.x.dim(2);
  const std::int64_t channels = args.x.dim(3);
  const T* x = args.x.data<T>();
  T* out_data = out.data<T>();
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / channels);
  parallel_ranges(args.x.dim(0) * positions, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end;) {
      const std::int64_t sample = row / positions;
      const std::int64_t stop = std::min(end, (sample + 1) * positions);
      const float* mean = scaling.mean.data() + sample * channels;
      const float* scale = scaling.scale.data() + sample * channels;
      const T* from = x + row * channels;
      T* to = out_data + row * channels;
      if (args.silu) {
        for_best_isa<ApplyScaling<true>>(from, mean, scale, beta, to, stop - row, channels);
      } else {
        for_best_isa<ApplyScaling<false>>(from, mean, scale, beta, to, stop - row, channels);
      }
      row = stop;
    }
  });
}

// Four rows at a time, since one row's sums would wait for each other. A row that is lacking is
// replaced by the last one, so that all rows take the same way.
struct LayerNormRows {
  template <class T>
  [[gnu::always_inline]] static void run(const T* x, const float* gamma, const float* beta,
                                         float eps, T* out, std::int64_t rows,
                                         std::int64_t channels) {
    const float share = 1.0F / static_cast<float>(channels);
    for (std::int64_t row = 0; row < rows; row += 4) {
      std::int64_t first[4];
      for (std::int64_t i = 0; i < 4; ++i) first[i] = std::min(row + i, rows - 1) * channels;
      const T* const a = x + first[0];
      const T* const b = x + first[1];
      const T* const d = x + first[2];
      const T* const e = x + first[3];
      float sum_a = 0;
      float sum_b = 0;
      float sum_d = 0;
      float sum_e = 0;
#pragma omp simd reduction(+ : sum_a, sum_b, sum_d, sum_e)
      for (std::int64_t c = 0; c < channels; ++c) {
        sum_a += to_float(a[c]);
        sum_b += to_float(b[c]);
        sum_d += to_float(d[c]);
        sum_e += to_float(e[c]);
      }
      const float mean[4] = {sum_a * share, sum_b * share, sum_d * share, sum_e * share};
      float distance_a = 0;
      float distance_b = 0;
      float distance_d = 0;
      float distance_e = 0;
#pragma omp simd reduction(+ : distance_a, distance_b, distance_d, distance_e)
      for (std::int64_t c = 0; c < channels; ++c) {
        const float to_a = to_float(a[c]) - mean[0];
        const float to_b = to_float(b[c]) - mean[1];
        const float to_d = to_float(d[c]) - mean[2];
        const float to_e = to_float(e[c]) - mean[3];
        distance_a += to_a * to_a;
        distance_b += to_b * to_b;
        distance_d += to_d * to_d;
        distance_e += to_e * to_e;
      }
      const float distance[4] = {distance_a, distance_b, distance_d, distance_e};
      for (std::int64_t i = 0; i < 4; ++i) {
        scale_row(x + first[i], mean[i], 1.0F / std::sqrt(distance[i] * share + eps), gamma, beta,
                  out + first[i], channels);
      }
    }
  }

  template <class T>
  [[gnu::always_inline]] static void scale_row(const T* x, float mean, float scale,
                                               const float* gamma, const float* beta,
                                               T* __restrict out, std::int64_t channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      store((to_float(x[c]) - mean) * scale * gamma[c] + beta[c], &out[c]);
    }
  }
};

template <class T>
void layer_norm_of(const LayerNormArgs& args, Tensor& out) {
  const std::int64_t channels = args.x.shape().back();
  const T* x = args.x.data<T>();
  T* out_data = out.data<T>();
  const float* gamma = vector_values(args.gamma);
  const float* beta = vector_values(args.beta);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / channels);
  parallel_ranges(args.x.size() / channels, grain, [&](std::int64_t begin, std::int64_t end) {
    for_best_isa<LayerNormRows>(x + begin * channels, gamma, beta, args.eps,
                                out_data + begin * channels, end - begin, channels);
  });
}

}  // namespace

void group_norm(const GroupNormArgs& args, Tensor& out) {
  if (args.x.dtype() == DType::bf16) {
    group_norm_of<Bf16>(args, out);
  } else {
    group_norm_of<float>(args, out);
  }
}

void layer_norm(const LayerNormArgs& args, Tensor& out) {
  if (args.x.dtype() == DType::bf16) {
    layer_norm_of<Bf16>(args, out);
  } else {
    layer_norm_of<float>(args, out);
  }
}

}  // namespace sagitta::cpu
