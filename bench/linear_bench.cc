#include "sagitta/ops/linear.h"

#include "support.h"

namespace sagitta {
namespace {

// Arguments: rows, features in, features out, type.
void linear(benchmark::State& state) {
  const auto device = bench::open(state, 3);
  const Tensor x = bench::tensor(*device, {state.range(0), state.range(1)});
  const Weight weight = bench::weight(*device, WeightUse::linear, {state.range(2), state.range(1)});
  const Weight bias = bench::weight(*device, WeightUse::vector, {state.range(2)});
  Tensor out = ops::linear(x, weight, {.bias = &bias});  // the first call builds the kernel
  for (auto _ : state) benchmark::DoNotOptimize(out = ops::linear(x, weight, {.bias = &bias}));
  bench::count_flops(state, 2.0 * static_cast<double>(out.size() * state.range(1)));
}
BENCHMARK(linear)
    ->ArgNames({"rows", "in", "out", "bf16"})
    ->ArgsProduct({{8192}, {320}, {320}, {0, 1}})   // to_q, 64x64
    ->ArgsProduct({{8192}, {320}, {960}, {0, 1}})   // q, k and v in one, if it were done
    ->ArgsProduct({{8192}, {1280}, {320}, {0, 1}})  // feed-forward output, 64x64
    ->ArgsProduct({{2048}, {640}, {640}, {0, 1}})   // to_q, 32x32
    ->ArgsProduct({{512}, {1280}, {1280}, {0, 1}})  // to_q, 16x16
    ->ArgsProduct({{154}, {768}, {320}, {0, 1}})    // to_k of the prompt
    ->ArgsProduct({{2}, {1280}, {320}, {0, 1}})     // time embedding of a ResBlock
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// Arguments: rows, features in, features out (half of the weight's rows), type.
void linear_geglu(benchmark::State& state) {
  const auto device = bench::open(state, 3);
  const Tensor x = bench::tensor(*device, {state.range(0), state.range(1)});
  const Weight weight =
      bench::weight(*device, WeightUse::geglu, {2 * state.range(2), state.range(1)});
  const Weight bias = bench::weight(*device, WeightUse::vector, {2 * state.range(2)});
  Tensor out = ops::linear_geglu(x, weight, {.bias = &bias});  // the first call builds the kernel
  for (auto _ : state) {
    benchmark::DoNotOptimize(out = ops::linear_geglu(x, weight, {.bias = &bias}));
  }
  bench::count_flops(state, 4.0 * static_cast<double>(out.size() * state.range(1)));
}
BENCHMARK(linear_geglu)
    ->ArgNames({"rows", "in", "out", "bf16"})
    ->ArgsProduct({{8192}, {320}, {1280}, {0, 1}})  // 64x64
    ->ArgsProduct({{2048}, {640}, {2560}, {0, 1}})  // 32x32
    ->ArgsProduct({{512}, {1280}, {5120}, {0, 1}})  // 16x16
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// Arguments: rows, width, type. The values between the two products are four times as wide.
void feed_forward(benchmark::State& state) {
  const auto device = bench::open(state, 2);
  const std::int64_t width = state.range(1);
  const Tensor x = bench::tensor(*device, {state.range(0), width});
  const Weight gated = bench::weight(*device, WeightUse::geglu, {8 * width, width});
  const Weight weight = bench::weight(*device, WeightUse::linear, {width, 4 * width});
  const ops::FeedForwardOptions options{.residual = &x};
  Tensor out = ops::feed_forward(x, gated, weight, options);  // the first call builds the kernels
  for (auto _ : state) {
    benchmark::DoNotOptimize(out = ops::feed_forward(x, gated, weight, options));
  }
  bench::count_flops(state, 24.0 * static_cast<double>(out.size() * width));
}
BENCHMARK(feed_forward)
    ->ArgNames({"rows", "width", "bf16"})
    ->ArgsProduct({{8192}, {320}, {0, 1}})  // 64x64
    ->ArgsProduct({{2048}, {640}, {0, 1}})  // 32x32
    ->ArgsProduct({{512}, {1280}, {0, 1}})  // 16x16
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace sagitta
