#include "sagitta/backend/cpu/winograd_bf16.h"

#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/conv2d_bias.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/backend/cpu/winograd_amx.h"

#include <omp.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace sagitta::cpu {
namespace {

// Fewer pairs of a sample are too little work for transformed weights.
constexpr std::int64_t kLeastPairs = 32;
// Cells of some rows of pairs at a time, so that large pictures do not take much memory.
constexpr std::int64_t kCellBytes = 16 << 20;
// Groups of 32 columns of a task: the more, the less often cells come from the outer caches.
constexpr std::int64_t kMostGroups = 20;
constexpr std::int64_t kTasksPerThread = 4;

std::byte* bytes_of(const PoolBlock& block) { return static_cast<std::byte*>(block.data()); }

std::size_t size(std::int64_t bytes) { return static_cast<std::size_t>(bytes); }

class Convolution {
 public:
  Convolution(const Conv2dArgs& args, Tensor& out)
      : x_(args.x.data<std::uint16_t>()),
        device_(out.device()),
        samples_{.height = out.dim(1), .width = out.dim(2), .in = args.x.dim(3)},
        rows_(out.dim(0) * samples_.rows_per_sample()),
        groups_(out.dim(3) / kWinogradColumns),
        group_bytes_(winograd_weight_bytes(samples_.in)),
        bias_(args, out.device()),
        results_{
            .channels = out.dim(3),
            .bias = bias_.of(0),
            .bias_step = bias_.step(),
            .residual = args.residual == nullptr ? nullptr : args.residual->data<std::uint16_t>(),
            .out = out.data<std::uint16_t>()} {
    const PackedValues& values = packed_as<PackedConv>(args.weight).values;
    const KernelTiles tiles = *kernel_tiles(values.layout());
    for (std::int64_t group = 0; group < groups_; ++group) {
      kernels_.push_back(kernel(tiles, static_cast<const std::byte*>(values.data()), group));
    }
  }

  void run() {
    plan();
    const bool shared = rows_ > task_rows_;
    const PoolBlock weights(device_, shared ? size(groups_ * group_bytes_) : 0);
    if (shared) transform_weights(0, groups_, bytes_of(weights), true);
    WinogradRows block = samples_;
    block.count = block_rows_;
    const PoolBlock cells(device_, size(kWinogradPositions * block.step()));
    for (; block.first < rows_; block.first += block.count) {
      block.count = std::min(block_rows_, rows_ - block.first);
      transform_cells(block, bytes_of(cells));
      multiply(block, bytes_of(cells), shared ? bytes_of(weights) : nullptr);
    }
  }

 private:
  static WinogradKernel kernel(const KernelTiles& tiles, const std::byte* data,
                               std::int64_t group) {
    const std::int64_t column = group * kWinogradColumns;
    return {.tiles = {.data = data + column / tiles.columns * tiles.block +
                              column % tiles.columns * kPairBytes,
                      .depth = tiles.depth,
                      .tap = tiles.kernel_column,
                      .beside = tiles.columns < kWinogradColumns ? tiles.block
                                                                 : kWinogradTile * kPairBytes,
                      .row = tiles.columns * kPairBytes},
            .below = tiles.kernel_row};
  }

  // Rows of pairs of a block and of a task, and groups of a task.
  void plan() {
    WinogradRows row = samples_;
    row.count = 1;
    block_rows_ =
        std::clamp<std::int64_t>(kCellBytes / (kWinogradPositions * row.step()), 1, rows_);
    task_rows_ = std::min(block_rows_, divide_up(kWinogradBlock * kWinogradTile, samples_.width));
    const std::int64_t ranges = divide_up(block_rows_, task_rows_);
    const std::int64_t parts = divide_up(kTasksPerThread * omp_get_max_threads(), ranges);
    task_groups_ = std::clamp<std::int64_t>(groups_ / parts, 1, std::min(groups_, kMostGroups));
  }

  void transform_weights(std::int64_t first, std::int64_t count, std::byte* to,
                         bool parallel) const {
#pragma omp parallel for schedule(static) if (parallel)
    for (std::int64_t i = 0; i < count * kWinogradTaps; ++i) {
      const std::int64_t group = i / kWinogradTaps;
      winograd_weights(kernels_[static_cast<std::size_t>(first + group)], samples_.in,
                       i % kWinogradTaps, to + group * group_bytes_);
    }
  }

  void transform_cells(const WinogradRows& block, std::byte* to) const {
    parallel_ranges(block.count, 1, [&](std::int64_t begin, std::int64_t end) {
      winograd_cells(block, x_, begin, end, to);
    });
  }

  // weights: transformed ones of all groups; null where each is wanted by one task only, which
  // transforms it.
  void multiply(const WinogradRows& block, const std::byte* cells, const std::byte* weights) const {
    const std::int64_t ranges = divide_up(block.count, task_rows_);
    const std::int64_t parts = divide_up(groups_, task_groups_);
    const std::int64_t own_weights = weights == nullptr ? task_groups_ * group_bytes_ : 0;
    const std::int64_t room = winograd_scratch_bytes(task_groups_) + own_weights;
    const PoolBlock scratch(device_, size(room * omp_get_max_threads()));
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t i = 0; i < ranges * parts; ++i) {
      const std::int64_t row = i / parts * task_rows_;
      const std::int64_t group = i % parts * task_groups_;
      const std::int64_t count = std::min(task_groups_, groups_ - group);
      std::byte* const own = bytes_of(scratch) + room * omp_get_thread_num();
      if (weights == nullptr) transform_weights(group, count, own, false);
      winograd_multiply({.rows = block,
                         .cells = cells,
                         .first = row,
                         .end = std::min(row + task_rows_, block.count),
                         .column = group * kWinogradColumns,
                         .groups = count,
                         .kernels = kernels_.data() + group,
                         .inner_weights = weights == nullptr ? own : weights + group * group_bytes_,
                         .results = results_},
                        own + own_weights);
    }
  }

  static constexpr std::int64_t kPairBytes = 4;  // of bf16 in a column of a tile

  const std::uint16_t* x_;
  Device& device_;
  WinogradRows samples_;
  std::int64_t rows_;    // of pairs in all samples
  std::int64_t groups_;  // of 32 columns
  std::int64_t group_bytes_;
  SampleBiases bias_;
  WinogradResults results_;
  std::vector<WinogradKernel> kernels_;
  std::int64_t block_rows_ = 0;
  std::int64_t task_rows_ = 0;
  std::int64_t task_groups_ = 0;
};

}  // namespace

bool winograd_bf16_takes(const Conv2dArgs& args) {
  const Shape& shape = args.weight.shape;
  return args.x.dtype() == DType::bf16 && amx_usable() && shape[2] == 3 && shape[3] == 3 &&
         args.stride == 1 && args.pad_before == 1 && args.pad_after == 1 &&
         shape[0] % kWinogradColumns == 0 && shape[1] % kWinogradDepth == 0 &&
         divide_up(args.x.dim(1), 2) * args.x.dim(2) >= kLeastPairs &&
         kernel_tiles(packed_as<PackedConv>(args.weight).values.layout()).has_value();
}

void conv2d_winograd_bf16(const Conv2dArgs& args, Tensor& out) {
  if (out.size() != 0) Convolution(args, out).run();
}

}  // namespace sagitta::cpu
