// Attention at the shapes of Stable Diffusion 1.5 at 512x512, one sample. FLOP/s counts both
// products of every pair of tokens, so causal layers seem faster than they are.
#include "sagitta/ops/attention.h"

#include "sagitta/backend/cpu/attention.h"
#include "sagitta/backend/cpu/attention_path.h"
#include "sagitta/ops/linear.h"

#include "support.h"

#include <cmath>
#include <string>

namespace sagitta {
namespace {

// Arguments: queries, keys, heads, head size, type.
struct Layer {
  explicit Layer(const benchmark::State& state)
      : device(bench::open(state, 4)),
        heads(static_cast<int>(state.range(2))),
        width(state.range(2) * state.range(3)),
        q(bench::tensor(*device, {1, state.range(0), width})),
        k(bench::tensor(*device, {1, state.range(1), width})),
        v(bench::tensor(*device, {1, state.range(1), width})),
        flops(4.0 * static_cast<double>(state.range(0) * state.range(1) * width)) {}

  std::unique_ptr<Device> device;
  int heads;
  std::int64_t width;
  Tensor q;
  Tensor k;
  Tensor v;
  double flops;
};

void add_unet_layers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"queries", "keys", "heads", "size", "bf16"})
      ->ArgsProduct({{4096}, {4096}, {8}, {40}, {0, 1}})  // self-attention, 64x64
      ->ArgsProduct({{1024}, {1024}, {8}, {80}, {0, 1}})  // 32x32
      ->ArgsProduct({{256}, {256}, {8}, {160}, {0, 1}})   // 16x16
      ->ArgsProduct({{64}, {64}, {8}, {160}, {0, 1}})     // middle block, 8x8
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
}

void attention(benchmark::State& state) {
  const Layer layer(state);
  Tensor out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(out =
                                 ops::attention(layer.q, layer.k, layer.v, {.heads = layer.heads}));
  }
  bench::count_flops(state, layer.flops);
}
BENCHMARK(attention)
    ->Apply(add_unet_layers)
    ->ArgsProduct({{4096}, {77}, {8}, {40}, {0, 1}})      // prompt, 64x64
    ->ArgsProduct({{1024}, {77}, {8}, {80}, {0, 1}})      // prompt, 32x32
    ->ArgsProduct({{4096}, {4096}, {10}, {64}, {0, 1}})   // SDXL at 1024x1024
    ->ArgsProduct({{4096}, {4096}, {1}, {512}, {0, 1}});  // middle block of the VAE

void causal_attention(benchmark::State& state) {
  const Layer layer(state);
  Tensor out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        out = ops::attention(layer.q, layer.k, layer.v, {.heads = layer.heads, .causal = true}));
  }
  bench::count_flops(state, layer.flops);
}
BENCHMARK(causal_attention)
    ->ArgNames({"queries", "keys", "heads", "size", "bf16"})
    ->ArgsProduct({{77}, {77}, {12}, {64}, {0, 1}})  // text encoder
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// The second pass over the logits is not counted as work.
void observed_attention(benchmark::State& state) {
  const Layer layer(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ops::observed_attention(layer.q, layer.k, layer.v, {.heads = layer.heads}));
  }
  bench::count_flops(state, layer.flops);
}
BENCHMARK(observed_attention)->Apply(add_unet_layers);

// Every instruction set that this processor has, by its index in attention_paths(). The type is
// that of the path.
void attention_path(benchmark::State& state) {
  const auto index = static_cast<std::size_t>(state.range(5));
  const cpu::AttentionPath& path = *cpu::attention_paths()[index];
  state.SetLabel(path.name);
  if (!path.usable()) return state.SkipWithError("not on this processor");
  const Layer layer(state);
  Tensor q(*layer.device, layer.q.shape(), path.dtype);
  Tensor k(*layer.device, layer.k.shape(), path.dtype);
  Tensor v(*layer.device, layer.v.shape(), path.dtype);
  for (Tensor* tensor : {&q, &k, &v}) {
    layer.device->kernels().upload(download(layer.q).data(), *tensor);
  }
  Tensor out(*layer.device, q.shape(), path.dtype);
  const float scale = 1 / std::sqrt(static_cast<float>(state.range(3)));
  for (auto _ : state) {
    cpu::attention_on(path, {.q = q, .k = k, .v = v, .heads = layer.heads, .scale = scale}, out);
  }
  bench::count_flops(state, layer.flops);
}
BENCHMARK(attention_path)
    ->ArgNames({"queries", "keys", "heads", "size", "", "path"})
    ->ArgsProduct({{1024}, {1024}, {8}, {80}, {0}, {0, 1, 2, 3, 4, 5, 6}})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// What the cores give in practice: a matrix product of 2048 x 2048 x 2048 in f32.
void attention_yardstick(benchmark::State& state) {
  const auto device = bench::open(state, 0);
  const Tensor x = bench::tensor(*device, {2048, 2048});
  const Weight weight = bench::weight(*device, WeightUse::linear, {2048, 2048});
  Tensor out = ops::linear(x, weight);  // the first call builds the kernel
  for (auto _ : state) benchmark::DoNotOptimize(out = ops::linear(x, weight));
  bench::count_flops(state, 2.0 * 2048 * 2048 * 2048);
}
BENCHMARK(attention_yardstick)
    ->ArgName("bf16")
    ->Arg(0)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace sagitta
