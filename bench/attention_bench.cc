#include "sagitta/ops/attention.h"

#include "support.h"

namespace sagitta {
namespace {

struct Tokens {
  Tensor q;
  Tensor k;
  Tensor v;
};

// Arguments of all cases: batch, queries, keys, heads, head size, type.
Tokens draw(Device& device, const benchmark::State& state) {
  const std::int64_t channels = state.range(3) * state.range(4);
  return {.q = bench::tensor(device, {state.range(0), state.range(1), channels}),
          .k = bench::tensor(device, {state.range(0), state.range(2), channels}),
          .v = bench::tensor(device, {state.range(0), state.range(2), channels})};
}

double flops(const benchmark::State& state) {
  return 4.0 * static_cast<double>(state.range(0) * state.range(1) * state.range(2) *
                                   state.range(3) * state.range(4));
}

void attention(benchmark::State& state) {
  const auto device = bench::open(state, 5);
  const Tokens tokens = draw(*device, state);
  const ops::AttentionOptions options{.heads = static_cast<int>(state.range(3))};
  for (auto _ : state) {
    benchmark::DoNotOptimize(ops::attention(tokens.q, tokens.k, tokens.v, options));
  }
  bench::count_flops(state, flops(state));
}
BENCHMARK(attention)
    ->ArgNames({"batch", "queries", "keys", "heads", "size", "bf16"})
    ->ArgsProduct({{2}, {4096}, {4096}, {8}, {40}, {0, 1}})   // self, 64x64
    ->ArgsProduct({{2}, {1024}, {1024}, {8}, {80}, {0, 1}})   // self, 32x32
    ->ArgsProduct({{2}, {256}, {256}, {8}, {160}, {0, 1}})    // self, 16x16
    ->ArgsProduct({{2}, {4096}, {77}, {8}, {40}, {0, 1}})     // cross, 64x64
    ->ArgsProduct({{1}, {4096}, {4096}, {1}, {512}, {0, 1}})  // VAE, middle block
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// With the attention that each key receives, as the middle block does it under guidance. The rate
// counts the plain attention's operations only, so that the price of the map shows.
void observed_attention(benchmark::State& state) {
  const auto device = bench::open(state, 5);
  const Tokens tokens = draw(*device, state);
  const ops::AttentionOptions options{.heads = static_cast<int>(state.range(3))};
  for (auto _ : state) {
    benchmark::DoNotOptimize(ops::observed_attention(tokens.q, tokens.k, tokens.v, options));
  }
  bench::count_flops(state, flops(state));
}
BENCHMARK(observed_attention)
    ->ArgNames({"batch", "queries", "keys", "heads", "size", "bf16"})
    ->ArgsProduct({{2}, {64}, {64}, {8}, {160}, {0, 1}})     // middle block
    ->ArgsProduct({{2}, {4096}, {4096}, {8}, {40}, {0, 1}})  // the largest layer
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace sagitta
