#include "sagitta/backend/cpu/conv2d_f32.h"

#include "sagitta/backend/cpu/conv2d_bias.h"
#include "sagitta/backend/cpu/product_f32.h"
#include "sagitta/backend/cpu/simd.h"

#include <omp.h>

#include <algorithm>
#include <cstring>

namespace sagitta::cpu {
namespace {

// out = sums + bias + residual, where the operands that are not null exist.
struct FinishPixel {
  [[gnu::always_inline]] static void run(const float* sums, const float* bias,
                                         const float* residual, std::int64_t count,
                                         float* __restrict out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = sums[i];
    if (bias != nullptr) {
      for (std::int64_t i = 0; i < count; ++i) out[i] += bias[i];
    }
    if (residual != nullptr) {
      for (std::int64_t i = 0; i < count; ++i) out[i] += residual[i];
    }
  }
};

class Convolution {
 public:
  Convolution(const Conv2dArgs& args, const Window& window, const float* weights, Tensor& out)
      : args_(args),
        window_(window),
        weights_(weights),
        out_(out),
        bias_(args, out.device()),
        down_(out.dim(1) / window.spread),
        across_(out.dim(2) / window.spread),
        channels_(out.dim(3)),
        depth_(window.kernel_h * window.kernel_w * args.x.dim(3)) {}

  void run() const {
    const std::int64_t columns = product_path().columns;
    const ProductTasks tasks(out_.dim(0) * down_ * across_, channels_, depth_);
    const std::int64_t sums_room = tasks.most_rows() * tasks.most_panels() * columns;
    const std::int64_t room =
        sums_room + tasks.most_rows() * std::min(depth_, product_depth(product_path()));
    const PoolBlock block(out_.device(),
                          static_cast<std::size_t>(room * tasks.threads()) * sizeof(float));
    auto* const scratch = static_cast<float*>(block.data());
#pragma omp parallel for num_threads(tasks.threads()) schedule(dynamic)
    for (std::int64_t task = 0; task < tasks.count(); ++task) {
      float* const sums = scratch + room * omp_get_thread_num();
      run(tasks.at(task), sums, sums + sums_room);
    }
  }

 private:
  // A result in the order of rows of the product.
  struct Place {
    std::int64_t sample;
    std::int64_t y;
    std::int64_t x;
  };
  [[nodiscard]] Place place(std::int64_t row) const {
    const std::int64_t line = row / across_;
    return {line / down_, line % down_, row % across_};
  }

  void run(const ProductTasks::Task& task, float* sums, float* patches) const {
    const ProductPath& path = product_path();
    const std::int64_t step = task.panels * path.columns;
    const std::int64_t panel_step = depth_ * path.columns;
    const float* const weights = weights_ + task.panel * panel_step;
    const std::int64_t most = product_depth(path);
    for (std::int64_t first = 0; first < depth_; first += most) {
      const std::int64_t count = std::min(most, depth_ - first);
      for (std::int64_t row = 0; row < task.rows; ++row) {
        gather(place(task.row + row), first, count, patches + row * count);
      }
      multiply_panels(path, {patches, count}, task.rows,
                      {weights + first * path.columns, panel_step, task.panels}, count, first > 0,
                      {sums, step});
    }
    finish(task, sums, step);
  }

  // Copies values [first, first + count) of (kernel_h, kernel_w, C) that a result sees.
  void gather(const Place& at, std::int64_t first, std::int64_t count, float* to) const {
    const Tensor& x = args_.x;
    const std::int64_t in = x.dim(3);
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t tap = (first + done) / in;
      const std::int64_t channel = (first + done) % in;
      const std::int64_t part = std::min(in - channel, count - done);
      const std::int64_t y = at.y * window_.stride - window_.above + tap / window_.kernel_w;
      const std::int64_t column = at.x * window_.stride - window_.left + tap % window_.kernel_w;
      const bool inside = y >= 0 && y < x.dim(1) && column >= 0 && column < x.dim(2);
      const std::size_t bytes = static_cast<std::size_t>(part) * sizeof(float);
      if (inside) {
        const std::int64_t pixel = (at.sample * x.dim(1) + y) * x.dim(2) + column;
        std::memcpy(to + done, x.data<float>() + pixel * in + channel, bytes);
      } else {
        std::memset(to + done, 0, bytes);
      }
      done += part;
    }
  }

  void finish(const ProductTasks::Task& task, const float* sums, std::int64_t step) const {
    const std::int64_t column = task.panel * product_path().columns;
    const std::int64_t count = std::min(step, channels_ - column);
    for (std::int64_t row = 0; row < task.rows; ++row) {
      const Place at = place(task.row + row);
      const std::int64_t y = window_.spread * at.y + window_.offset_y;
      const std::int64_t x = window_.spread * at.x + window_.offset_x;
      const std::int64_t to =
          ((at.sample * out_.dim(1) + y) * out_.dim(2) + x) * channels_ + column;
      const float* const bias = bias_.of(at.sample);
      for_best_isa<FinishPixel>(
          sums + row * step, bias == nullptr ? nullptr : bias + column,
          args_.residual == nullptr ? nullptr : args_.residual->data<float>() + to, count,
          out_.data<float>() + to);
    }
  }

  const Conv2dArgs& args_;
  const Window& window_;
  const float* weights_;
  Tensor& out_;
  SampleBiases bias_;
  std::int64_t down_;
  std::int64_t across_;
  std::int64_t channels_;
  std::int64_t depth_;
};

}  // namespace

void conv2d_f32(const Conv2dArgs& args, const Window& window, const float* weights, Tensor& out) {
  if (out.size() != 0) Convolution(args, window, weights, out).run();
}

}  // namespace sagitta::cpu
