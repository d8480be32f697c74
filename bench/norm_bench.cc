#include "sagitta/ops/norm.h"

#include "support.h"

namespace sagitta {
namespace {

// Arguments: height = width, channels, with silu, type.
void group_norm(benchmark::State& state) {
  const auto device = bench::open(state, 3);
  const std::int64_t side = state.range(0);
  const Tensor x = bench::tensor(*device, {2, side, side, state.range(1)});
  const Weight gamma = bench::weight(*device, WeightUse::vector, {state.range(1)});
  const Weight beta = bench::weight(*device, WeightUse::vector, {state.range(1)});
  const ops::GroupNormOptions options{.silu = state.range(2) != 0};
  for (auto _ : state) benchmark::DoNotOptimize(ops::group_norm(x, gamma, beta, options));
  bench::count_bytes(state, 3 * x.bytes());  // two reads and a write
}
BENCHMARK(group_norm)
    ->ArgNames({"side", "channels", "silu", "bf16"})
    ->ArgsProduct({{64}, {320}, {0, 1}, {0, 1}})  // before and within a ResBlock
    ->ArgsProduct({{16}, {1280}, {1}, {0, 1}})    // ResBlock, 16x16
    ->ArgsProduct({{512}, {128}, {1}, {0, 1}})    // VAE decoder, two pictures
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// Arguments: rows, channels, type.
void layer_norm(benchmark::State& state) {
  const auto device = bench::open(state, 2);
  const Tensor x = bench::tensor(*device, {state.range(0), state.range(1)});
  const Weight gamma = bench::weight(*device, WeightUse::vector, {state.range(1)});
  const Weight beta = bench::weight(*device, WeightUse::vector, {state.range(1)});
  for (auto _ : state) benchmark::DoNotOptimize(ops::layer_norm(x, gamma, beta));
  bench::count_bytes(state, 2 * x.bytes());
}
BENCHMARK(layer_norm)
    ->ArgNames({"rows", "channels", "bf16"})
    ->ArgsProduct({{8192}, {320}, {0, 1}})  // 64x64
    ->ArgsProduct({{512}, {1280}, {0, 1}})  // 16x16
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace sagitta
