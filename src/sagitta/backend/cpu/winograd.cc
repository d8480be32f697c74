#include "sagitta/backend/cpu/winograd.h"

#include "sagitta/backend/cpu/conv2d_bias.h"
#include "sagitta/backend/cpu/product_f32.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/core/device.h"

#include <omp.h>

#include <algorithm>

namespace sagitta::cpu {
namespace {

constexpr int kPositions = 16;
constexpr int kTaps = 9;
// Fewer channels leave the products too little work beside the transforms.
constexpr std::int64_t kLeastChannels = 16;
// Per thread: transformed cells and sums of a block of tiles, which stay in the outer caches.
constexpr std::int64_t kBlockValues = 1 << 20;
// Enough tiles that reading and transforming the weights costs little.
constexpr std::int64_t kLeastTiles = 256;
// A task of the products: panels that read the same cells, and channels whose transformed weights
// stay in the outer caches.
constexpr std::int64_t kPanels = 4;
constexpr std::int64_t kDepth = 320;
constexpr std::int64_t kLeastRows = 48;
constexpr std::int64_t kMostRows = 96;
constexpr std::int64_t kTasksPerThread = 3;
constexpr std::int64_t kTileGrain = 4;
// Between rows of positions, so that they do not fall upon the same lines of the cache.
constexpr std::int64_t kSkew = 16;

// B^T d B of one tile, channel by channel. cells: rows of channels, zeros outside of the picture.
struct TransformCells {
  [[gnu::always_inline]] static void run(const float* const* cells, std::int64_t channels,
                                         std::int64_t step, float* out) {
    const float* d[kPositions];
    for (int i = 0; i < kPositions; ++i) d[i] = cells[i];
#pragma omp simd
    for (std::int64_t c = 0; c < channels; ++c) {
      float rows[4][4];
      for (int x = 0; x < 4; ++x) {
        rows[0][x] = d[x][c] - d[8 + x][c];
        rows[1][x] = d[4 + x][c] + d[8 + x][c];
        rows[2][x] = d[8 + x][c] - d[4 + x][c];
        rows[3][x] = d[4 + x][c] - d[12 + x][c];
      }
      for (int y = 0; y < 4; ++y) {
        float* const to = out + 4 * y * step + c;
        to[0] = rows[y][0] - rows[y][2];
        to[step] = rows[y][1] + rows[y][2];
        to[2 * step] = rows[y][2] - rows[y][1];
        to[3 * step] = rows[y][1] - rows[y][3];
      }
    }
  }
};

// G g G^T of `count` kernels. weights: (tap, *) with tap_step values between taps.
struct TransformWeights {
  [[gnu::always_inline]] static void run(const float* weights, std::int64_t tap_step,
                                         std::int64_t count, std::int64_t step, float* out) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      float rows[4][3];
      for (int x = 0; x < 3; ++x) {
        const float top = weights[x * tap_step + i];
        const float middle = 0.5F * weights[(3 + x) * tap_step + i];
        const float bottom = weights[(6 + x) * tap_step + i];
        const float outer = 0.5F * (top + bottom);
        rows[0][x] = top;
        rows[1][x] = outer + middle;
        rows[2][x] = outer - middle;
        rows[3][x] = bottom;
      }
      for (int y = 0; y < 4; ++y) {
        float* const to = out + 4 * y * step + i;
        const float middle = 0.5F * rows[y][1];
        const float outer = 0.5F * (rows[y][0] + rows[y][2]);
        to[0] = rows[y][0];
        to[step] = outer + middle;
        to[2 * step] = outer - middle;
        to[3 * step] = rows[y][2];
      }
    }
  }
};

// The four results of a tile and what is added to them. Those outside of the picture go to a place
// that nobody reads.
struct TileResults {
  float* out[4];
  const float* bias;
  const float* residual[4];
};

// A^T m A of one tile, channel by channel.
struct TransformResults {
  template <bool kResidual>
  [[gnu::always_inline]] static void write(const float* sums, std::int64_t step,
                                           std::int64_t channels, const TileResults& tile) {
    float* const out[4] = {tile.out[0], tile.out[1], tile.out[2], tile.out[3]};
    const float* const residual[4] = {tile.residual[0], tile.residual[1], tile.residual[2],
                                      tile.residual[3]};
    const float* const bias = tile.bias;
#pragma omp simd
    for (std::int64_t c = 0; c < channels; ++c) {
      float rows[2][4];
      for (int x = 0; x < 4; ++x) {
        const float* const m = sums + x * step + c;
        rows[0][x] = m[0] + m[4 * step] + m[8 * step];
        rows[1][x] = m[4 * step] - m[8 * step] - m[12 * step];
      }
      for (int y = 0; y < 2; ++y) {
        const float left = rows[y][0] + rows[y][1] + rows[y][2] + bias[c];
        const float right = rows[y][1] - rows[y][2] - rows[y][3] + bias[c];
        out[2 * y][c] = kResidual ? left + residual[2 * y][c] : left;
        out[2 * y + 1][c] = kResidual ? right + residual[2 * y + 1][c] : right;
      }
    }
  }

  [[gnu::always_inline]] static void run(const float* sums, std::int64_t step,
                                         std::int64_t channels, const TileResults* tile) {
    if (tile->residual[0] == nullptr) {
      write<false>(sums, step, channels, *tile);
    } else {
      write<true>(sums, step, channels, *tile);
    }
  }
};

float* floats(const PoolBlock& block) { return static_cast<float*>(block.data()); }

std::size_t float_bytes(std::int64_t count) {
  return static_cast<std::size_t>(count) * sizeof(float);
}

class Convolution {
 public:
  Convolution(const Conv2dArgs& args, Tensor& out)
      : x_(args.x),
        out_(out),
        residual_(args.residual),
        bias_(args, out.device()),
        in_(args.x.dim(3)),
        channels_(out.dim(3)),
        across_(divide_up(out.dim(2), 2)),
        down_(divide_up(out.dim(1), 2)),
        threads_(omp_get_max_threads()),
        weights_(panels_of(packed_as<PackedConv>(args.weight).values)),
        panels_(divide_up(channels_, path_.columns)),
        columns_(panels_ * path_.columns),
        zeros_(out.device(), float_bytes(std::max(in_, channels_))),
        nowhere_(out.device(), float_bytes(channels_ * threads_)) {
    std::fill_n(floats(zeros_), std::max(in_, channels_), 0.0F);
  }

  void run() {
    const std::int64_t tiles = out_.dim(0) * down_ * across_;
    const std::int64_t fitting = kBlockValues * threads_ / (kPositions * (in_ + columns_));
    const std::int64_t blocks = divide_up(tiles, std::max(kLeastTiles, fitting));
    const std::int64_t block = divide_up(divide_up(tiles, blocks), path_.rows) * path_.rows;
    const PoolBlock cells(out_.device(), float_bytes(kPositions * step(block, in_)));
    const PoolBlock sums(out_.device(), float_bytes(kPositions * step(block, columns_)));
    for (std::int64_t first = 0; first < tiles; first += block) {
      const std::int64_t count = std::min(block, tiles - first);
      transform_cells(first, count, floats(cells));
      multiply(count, floats(cells), floats(sums));
      transform_results(first, count, floats(sums));
    }
  }

 private:
  struct Place {
    std::int64_t sample;
    std::int64_t y;  // of the first result
    std::int64_t x;
  };

  // From one position's rows to the next one's.
  static std::int64_t step(std::int64_t rows, std::int64_t columns) {
    return rows * columns + kSkew;
  }

  [[nodiscard]] Place place(std::int64_t tile) const {
    const std::int64_t row = tile / across_;
    return {row / down_, row % down_ * 2, tile % across_ * 2};
  }

  // The value of the first channel, in a tensor of the picture's size.
  [[nodiscard]] std::int64_t offset(const Place& at, std::int64_t channels) const {
    return ((at.sample * out_.dim(1) + at.y) * out_.dim(2) + at.x) * channels;
  }

  [[nodiscard]] bool inside(const Place& at) const {
    return at.y >= 0 && at.y < out_.dim(1) && at.x >= 0 && at.x < out_.dim(2);
  }

  void transform_cells(std::int64_t first, std::int64_t count, float* out) const {
    const auto* const values = x_.data<float>();
    parallel_ranges(count, kTileGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t tile = begin; tile < end; ++tile) {
        const Place corner = place(first + tile);
        const float* cells[kPositions];
        for (int i = 0; i < kPositions; ++i) {
          const Place cell{corner.sample, corner.y + i / 4 - 1, corner.x + i % 4 - 1};
          cells[i] = inside(cell) ? values + offset(cell, in_) : floats(zeros_);
        }
        for_best_isa<TransformCells>(static_cast<const float* const*>(cells), in_, step(count, in_),
                                     out + tile * in_);
      }
    });
  }

  // A part of the products: some rows of all positions, and some panels.
  struct Task {
    std::int64_t row;
    std::int64_t rows;
    std::int64_t panel;
    std::int64_t panels;
  };

  void multiply(std::int64_t count, const float* cells, float* sums) const {
    std::int64_t panels = kPanels;
    const std::int64_t most_parts = std::max<std::int64_t>(1, count / kLeastRows);
    const std::int64_t wanted = kTasksPerThread * threads_;
    while (panels > 1 && divide_up(panels_, panels) < wanted) panels /= 2;
    const std::int64_t groups = divide_up(panels_, panels);
    const std::int64_t parts = std::clamp<std::int64_t>(divide_up(wanted, groups), 1, most_parts);
    const std::int64_t rows = divide_up(divide_up(count, parts), path_.rows) * path_.rows;
    const std::int64_t room = kPositions * weight_step(panels);
    const PoolBlock weights(out_.device(), float_bytes(room * threads_));
#pragma omp parallel for num_threads(threads_) schedule(dynamic)
    for (std::int64_t i = 0; i < groups * parts; ++i) {
      const std::int64_t row = i % parts * rows;
      const std::int64_t panel = i / parts * panels;
      const Task task{row, std::min(rows, count - row), panel, std::min(panels, panels_ - panel)};
      if (task.rows <= 0) continue;
      run(task, count, cells, floats(weights) + room * omp_get_thread_num(), sums);
    }
  }

  // From one position's weights to the next one's, in the scratch of a task.
  [[nodiscard]] std::int64_t weight_step(std::int64_t panels) const {
    return step(std::min(in_, kDepth) * panels, path_.columns);
  }

  void run(const Task& task, std::int64_t count, const float* cells, float* weights,
           float* sums) const {
    const std::int64_t parts = divide_up(in_, kDepth);
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t first = in_ * part / parts;
      const std::int64_t depth = in_ * (part + 1) / parts - first;
      transform_weights(task, first, depth, weights);
      for (int position = 0; position < kPositions; ++position) {
        const Panels panels{weights + position * weight_step(task.panels), depth * path_.columns,
                            task.panels};
        const MatrixRows<const float> a{cells + position * step(count, in_) + first, in_};
        const MatrixRows<float> out{
            sums + position * step(count, columns_) + task.panel * path_.columns, columns_};
        for (std::int64_t row = 0; row < task.rows; row += kMostRows) {
          multiply_panels(path_, a.at(task.row + row, 0), std::min(kMostRows, task.rows - row),
                          panels, depth, part > 0, out.at(task.row + row, 0));
        }
      }
    }
  }

  void transform_weights(const Task& task, std::int64_t first, std::int64_t depth,
                         float* out) const {
    const std::int64_t tap_step = in_ * path_.columns;
    for (std::int64_t panel = 0; panel < task.panels; ++panel) {
      const float* const taps =
          weights_ + (task.panel + panel) * kTaps * tap_step + first * path_.columns;
      for_best_isa<TransformWeights>(taps, tap_step, depth * path_.columns,
                                     weight_step(task.panels), out + panel * depth * path_.columns);
    }
  }

  void transform_results(std::int64_t first, std::int64_t count, const float* sums) const {
    auto* const out = out_.data<float>();
    const float* const residual = residual_ == nullptr ? nullptr : residual_->data<float>();
    parallel_ranges(count, kTileGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t tile = begin; tile < end; ++tile) {
        const Place corner = place(first + tile);
        float* const nowhere = floats(nowhere_) + omp_get_thread_num() * channels_;
        const float* const bias = bias_.of(corner.sample);
        TileResults results{
            .out = {}, .bias = bias == nullptr ? floats(zeros_) : bias, .residual = {}};
        for (int i = 0; i < 4; ++i) {
          const Place at{corner.sample, corner.y + i / 2, corner.x + i % 2};
          const bool real = inside(at);
          results.out[i] = real ? out + offset(at, channels_) : nowhere;
          if (residual == nullptr) continue;
          results.residual[i] = real ? residual + offset(at, channels_) : floats(zeros_);
        }
        for_best_isa<TransformResults>(sums + tile * columns_, step(count, columns_), channels_,
                                       static_cast<const TileResults*>(&results));
      }
    });
  }

  const ProductPath& path_ = product_path();
  const Tensor& x_;
  Tensor& out_;
  const Tensor* residual_;
  SampleBiases bias_;
  std::int64_t in_;
  std::int64_t channels_;  // of the results
  std::int64_t across_;    // tiles in a row of the picture
  std::int64_t down_;
  int threads_;
  const float* weights_;
  std::int64_t panels_;
  std::int64_t columns_;  // of all panels
  PoolBlock zeros_;
  PoolBlock nowhere_;  // a row for each thread
};

}  // namespace

bool winograd_takes(const Conv2dArgs& args) {
  const Shape& shape = args.weight.shape;
  return args.x.dtype() == DType::f32 && shape[2] == 3 && shape[3] == 3 && args.stride == 1 &&
         args.pad_before == 1 && args.pad_after == 1 && shape[0] >= kLeastChannels &&
         shape[1] >= kLeastChannels;
}

void conv2d_winograd(const Conv2dArgs& args, Tensor& out) {
  if (out.size() != 0) Convolution(args, out).run();
}

}  // namespace sagitta::cpu
