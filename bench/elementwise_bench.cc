#include "sagitta/ops/elementwise.h"

#include "sagitta/ops/layout.h"
#include "support.h"

#include <cstring>

namespace sagitta {
namespace {

const Shape kResBlock{2, 64, 64, 320};  // the activation of the first ResBlock

// The machine's own rate of copying memory on one thread, to hold the others against.
void copy(benchmark::State& state) {
  const auto device = bench::open(state, 0);
  const Tensor x = bench::tensor(*device, kResBlock);
  Tensor out(*device, x.shape());
  for (auto _ : state) {
    std::memcpy(out.data<std::byte>(), x.data<std::byte>(), x.bytes());
    benchmark::ClobberMemory();
  }
  bench::count_bytes(state, 2 * x.bytes());
}
BENCHMARK(copy)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)->UseRealTime();

void add(benchmark::State& state) {
  const auto device = bench::open(state, 0);
  const Tensor x = bench::tensor(*device, kResBlock);
  const Tensor y = bench::tensor(*device, kResBlock);
  for (auto _ : state) benchmark::DoNotOptimize(ops::add(x, y));
  bench::count_bytes(state, 3 * x.bytes());
}
BENCHMARK(add)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)->UseRealTime();

// Arguments: the activation's number in core/kernels.h, type.
void activate(benchmark::State& state) {
  const auto device = bench::open(state, 1);
  const Tensor x = bench::tensor(*device, kResBlock);
  const auto activation = static_cast<Activation>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(ops::activate(activation, x));
  bench::count_bytes(state, 2 * x.bytes());
}
BENCHMARK(activate)
    ->ArgNames({"activation", "bf16"})
    ->ArgsProduct({{static_cast<int>(Activation::silu), static_cast<int>(Activation::gelu)},
                   {0, 1}})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// The skip connection of the last output blocks.
void concat_channels(benchmark::State& state) {
  const auto device = bench::open(state, 0);
  const Tensor x = bench::tensor(*device, kResBlock);
  const Tensor skip = bench::tensor(*device, kResBlock);
  for (auto _ : state) benchmark::DoNotOptimize(ops::concat_channels(x, skip));
  bench::count_bytes(state, 4 * x.bytes());
}
BENCHMARK(concat_channels)
    ->ArgName("bf16")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace sagitta
