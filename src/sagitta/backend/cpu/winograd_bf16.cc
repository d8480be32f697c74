#include "sagitta/backend/cpu/winograd_bf16.h"

#include "sagitta/backend/cpu/conv2d_bias.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/backend/cpu/winograd_path.h"

#include <omp.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

namespace sagitta::cpu {
namespace {

// Fewer pairs of a sample are too little work for transformed weights.
constexpr std::int64_t kLeastPairs = 32;
// A task that has all groups makes its inputs itself if they stay in the second cache.
constexpr std::int64_t kOwnInputBytes = 3 << 19;
// Others are made for many tasks at a time, so many that large pictures do not take much memory.
constexpr std::int64_t kInputBytes = 16 << 20;
// Groups of a task: the more, the less often inputs come from the outer caches.
constexpr std::int64_t kMostGroups = 20;
constexpr std::int64_t kTasksPerThread = 4;

constexpr const WinogradPath* kPaths[] = {&kWinogradAmx, &kWinogradDot};

// The best path of this processor, if any.
const WinogradPath* best_path() {
  static const WinogradPath* const best = [] {
    const auto* const found = std::find_if(std::begin(kPaths), std::end(kPaths),
                                           [](const WinogradPath* path) { return path->usable(); });
    return found == std::end(kPaths) ? nullptr : *found;
  }();
  return best;
}

std::byte* bytes_of(const PoolBlock& block) { return static_cast<std::byte*>(block.data()); }

std::size_t size(std::int64_t bytes) { return static_cast<std::size_t>(bytes); }

class Convolution {
 public:
  Convolution(const WinogradPath& path, const Conv2dArgs& args, Tensor& out)
      : path_(path),
        x_(args.x.data<std::uint16_t>()),
        device_(out.device()),
        samples_{.height = out.dim(1), .width = out.dim(2), .in = args.x.dim(3)},
        rows_(out.dim(0) * samples_.rows_per_sample()),
        groups_(out.dim(3) / kWinogradGroup),
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
    if (shared) transform_all_weights(bytes_of(weights));
    const std::byte* const shared_weights = shared ? bytes_of(weights) : nullptr;
    const WinogradRows task = rows_from(0, task_rows_);
    if (task_groups_ == groups_ && input_bytes(task) <= kOwnInputBytes) {
      return multiply(0, rows_, nullptr, shared_weights);
    }
    const std::int64_t ranges = divide_up(block_rows_, task_rows_);
    const PoolBlock inputs(device_, size(ranges * input_bytes(task)));
    for (std::int64_t first = 0; first < rows_; first += block_rows_) {
      const std::int64_t count = std::min(block_rows_, rows_ - first);
      transform_inputs(first, count, bytes_of(inputs));
      multiply(first, count, bytes_of(inputs), shared_weights);
    }
  }

 private:
  static WinogradKernel kernel(const KernelTiles& tiles, const std::byte* data,
                               std::int64_t group) {
    const auto at = [&](std::int64_t channel) {
      constexpr std::int64_t kPairBytes = 4;
      return data + channel / tiles.columns * tiles.block + channel % tiles.columns * kPairBytes;
    };
    const std::int64_t first = group * kWinogradGroup;
    return {.tiles = {.data = at(first),
                      .depth = tiles.depth,
                      .tap = tiles.kernel_column,
                      .beside = at(first + kWinogradTile) - at(first),
                      .row = tiles.tile_row},
            .below = tiles.kernel_row};
  }

  // Rows of pairs whose inputs are made at a time, rows and groups of a task.
  void plan() {
    task_rows_ = std::clamp<std::int64_t>(kWinogradMostRows / samples_.width, 1, rows_);
    const std::int64_t row_bytes = kWinogradPositions * samples_.in * 2 * (samples_.width + 2);
    const std::int64_t blocks =
        divide_up(rows_, std::max<std::int64_t>(1, kInputBytes / row_bytes));
    const std::int64_t ranges = divide_up(divide_up(rows_, blocks), task_rows_);
    block_rows_ = std::min(rows_, ranges * task_rows_);
    const std::int64_t parts = divide_up(kTasksPerThread * omp_get_max_threads(), ranges);
    task_groups_ = std::clamp<std::int64_t>(groups_ / parts, 1, kMostGroups);
  }

  void transform_weights(std::int64_t group, std::int64_t tap, std::byte* to) const {
    path_.weights(kernels_[static_cast<std::size_t>(group)], samples_.in, tap, to);
  }

  void transform_all_weights(std::byte* to) const {
    parallel_ranges(groups_ * kWinogradTaps, 1, [&](std::int64_t i, std::int64_t /*end*/) {
      const std::int64_t group = i / kWinogradTaps;
      transform_weights(group, i % kWinogradTaps, to + group * group_bytes_);
    });
  }

  [[nodiscard]] WinogradRows rows_from(std::int64_t first, std::int64_t count) const {
    WinogradRows rows = samples_;
    rows.first = first;
    rows.count = count;
    return rows;
  }

  // A task's rows of `count` rows from `first` on.
  [[nodiscard]] WinogradRows range_of(std::int64_t first, std::int64_t count,
                                      std::int64_t range) const {
    const std::int64_t row = range * task_rows_;
    return rows_from(first + row, std::min(task_rows_, count - row));
  }

  static std::int64_t input_bytes(const WinogradRows& rows) {
    return kWinogradPositions * rows.position_bytes();
  }

  // Those of each range behind each other.
  void transform_inputs(std::int64_t first, std::int64_t count, std::byte* to) const {
    const std::int64_t bytes = input_bytes(rows_from(0, task_rows_));
    parallel_ranges(count, 1, [&](std::int64_t row, std::int64_t /*end*/) {
      const std::int64_t range = row / task_rows_;
      const std::int64_t within = row % task_rows_;
      path_.inputs(range_of(first, count, range), x_, within, within + 1, to + range * bytes);
    });
  }

  // Rows [first, first + count). inputs: as transform_inputs() made them; null where each task
  // makes those of its rows. weights: transformed ones of all groups; null where each is wanted by
  // one task only, which transforms it.
  void multiply(std::int64_t first, std::int64_t count, const std::byte* inputs,
                const std::byte* weights) const {
    const std::int64_t ranges = divide_up(count, task_rows_);
    const std::int64_t parts = divide_up(groups_, task_groups_);
    const std::int64_t range_bytes = input_bytes(rows_from(0, task_rows_));
    const std::int64_t own_weights = weights == nullptr ? task_groups_ * group_bytes_ : 0;
    const std::int64_t own_inputs = inputs == nullptr ? range_bytes : 0;
    const std::int64_t room = winograd_scratch_bytes(task_groups_) + own_weights + own_inputs;
    const PoolBlock scratch(device_, size(room * omp_get_max_threads()));
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t i = 0; i < ranges * parts; ++i) {
      const WinogradRows rows = range_of(first, count, i / parts);
      const std::int64_t group = i % parts * task_groups_;
      const std::int64_t groups = std::min(task_groups_, groups_ - group);
      std::byte* const own = bytes_of(scratch) + room * omp_get_thread_num();
      for (std::int64_t k = 0; weights == nullptr && k < groups * kWinogradTaps; ++k) {
        const std::int64_t part = k / kWinogradTaps;
        transform_weights(group + part, k % kWinogradTaps, own + part * group_bytes_);
      }
      if (inputs == nullptr) path_.inputs(rows, x_, 0, rows.count, own + own_weights);
      path_.multiply(
          {.rows = rows,
           .inputs = inputs == nullptr ? own + own_weights : inputs + i / parts * range_bytes,
           .channel = group * kWinogradGroup,
           .groups = groups,
           .kernels = kernels_.data() + group,
           .inner_weights = weights == nullptr ? own : weights + group * group_bytes_,
           .results = results_},
          own + own_weights + own_inputs);
    }
  }

  const WinogradPath& path_;
  const std::uint16_t* x_;
  Device& device_;
  WinogradRows samples_;
  std::int64_t rows_;  // of pairs in all samples
  std::int64_t groups_;
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
  return args.x.dtype() == DType::bf16 && best_path() != nullptr && shape[2] == 3 &&
         shape[3] == 3 && args.stride == 1 && args.pad_before == 1 && args.pad_after == 1 &&
         shape[0] % kWinogradGroup == 0 && shape[1] % kWinogradDepth == 0 &&
         divide_up(args.x.dim(1), 2) * args.x.dim(2) >= kLeastPairs &&
         kernel_tiles(packed_as<PackedConv>(args.weight).values.layout()).has_value();
}

void conv2d_winograd_bf16_on(const WinogradPath& path, const Conv2dArgs& args, Tensor& out) {
  if (out.size() != 0) Convolution(path, args, out).run();
}

void conv2d_winograd_bf16(const Conv2dArgs& args, Tensor& out) {
  conv2d_winograd_bf16_on(*best_path(), args, out);
}

}  // namespace sagitta::cpu
