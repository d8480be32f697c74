#include "bench_rate.h"

#include "sagitta/base/rng.h"
#include "sagitta/core/kernels.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/ops/conv2d.h"

#include <algorithm>
#include <chrono>

namespace sagitta::cli {
namespace {

constexpr std::int64_t kSide = 2048;
constexpr std::int64_t kChannels = 640;
constexpr std::int64_t kPixels = 64;
constexpr double kProductGflop = 2e-9 * kSide * kSide * kSide;
constexpr double kConvGflop = 18e-9 * kPixels * kPixels * kChannels * kChannels;

struct Runs {
  double best = 1e30;  // seconds
  double sum = 0;
  int count = 0;
};

// Short work is issued several times before the device is waited for, since starting and waiting
// would be a good part of its time.
template <class Work>
Runs run_for(Device& device, double seconds, int least, const Work& work) {
  constexpr double kBatchSeconds = 2e-3;
  Runs runs;
  int batch = 1;
  device.kernels().finish(device);
  while (runs.count < least || runs.sum < seconds) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < batch; ++i) work();
    device.kernels().finish(device);
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    runs.best = std::min(runs.best, took / batch);
    runs.sum += took;
    runs.count += batch;
    batch = std::max(1, static_cast<int>(kBatchSeconds / runs.best));
  }
  return runs;
}

Tensor random_tensor(Device& device, Shape shape) {
  Array values(std::move(shape));
  TorchRng(1).randn(values.values());
  return upload(device, values);
}

}  // namespace

// The convolution loses a row and a column, since backends may have a shorter way for those that
// keep the size. It has padding, without which oneDNN takes a slower way in bf16.
Yardstick::Yardstick(Device& device)
    : device_(device),
      linear_(kSide, kSide, false),
      kernel_{.shape = {kChannels, kChannels, 3, 3}, .use = WeightUse::conv, .value = {}},
      rows_(random_tensor(device, {kSide, kSide})),
      picture_(random_tensor(device, {1, kPixels + 1, kPixels + 1, kChannels})) {
  models::RandomWeights weights(&device, 1);
  linear_.params(weights);
  weights("weight", kernel_);
  multiply();
  convolve();
}

Rate Yardstick::best() {
  constexpr double kSeconds = 0.5;
  constexpr int kLeast = 6;
  return {.product = kProductGflop / run_for(device_, kSeconds, kLeast, [&] { multiply(); }).best,
          .conv = kConvGflop / run_for(device_, kSeconds, kLeast, [&] { convolve(); }).best};
}

Rate Yardstick::now() {
  constexpr double kSeconds = 0.05;
  const Runs products = run_for(device_, kSeconds, 1, [&] { multiply(); });
  const Runs convs = run_for(device_, kSeconds, 1, [&] { convolve(); });
  return {.product = kProductGflop * products.count / products.sum,
          .conv = kConvGflop * convs.count / convs.sum};
}

void Yardstick::multiply() { static_cast<void>(linear_(rows_)); }

void Yardstick::convolve() {
  static_cast<void>(ops::conv2d(picture_, kernel_.value, {.pad_before = 1}));
}

}  // namespace sagitta::cli
