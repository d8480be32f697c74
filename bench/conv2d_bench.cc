#include "sagitta/ops/conv2d.h"

#include "support.h"

namespace sagitta {
namespace {

// Arguments: height = width, channels in, channels out, kernel, stride, type.
void conv2d(benchmark::State& state) {
  const auto device = bench::open(state, 5);
  const std::int64_t side = state.range(0);
  const std::int64_t kernel = state.range(3);
  const Tensor x = bench::tensor(*device, {2, side, side, state.range(1)});
  const Weight weight =
      bench::weight(*device, WeightUse::conv, {state.range(2), state.range(1), kernel, kernel});
  const Weight bias = bench::weight(*device, WeightUse::vector, {state.range(2)});
  const int padding = static_cast<int>(kernel / 2);
  const ops::Conv2dOptions options{.bias = &bias,
                                   .stride = static_cast<int>(state.range(4)),
                                   .pad_before = padding,
                                   .pad_after = padding};
  Tensor out = ops::conv2d(x, weight, options);  // the first call builds the kernel,
  out = ops::conv2d(x, weight, options);         // and there is memory for two results
  for (auto _ : state) benchmark::DoNotOptimize(out = ops::conv2d(x, weight, options));
  bench::count_flops(state,
                     2.0 * static_cast<double>(out.size() * state.range(1) * kernel * kernel));
}
BENCHMARK(conv2d)
    ->ArgNames({"side", "in", "out", "kernel", "stride", "bf16"})
    ->ArgsProduct({{64}, {4}, {320}, {3}, {1}, {0, 1}})            // conv_in
    ->ArgsProduct({{64}, {320}, {320}, {3}, {1}, {0, 1}})          // ResBlock, 64x64
    ->ArgsProduct({{64}, {960}, {320}, {3}, {1}, {0, 1}})          // output ResBlock, 64x64
    ->ArgsProduct({{32}, {640, 1280}, {640}, {3}, {1}, {0, 1}})    // ResBlocks, 32x32
    ->ArgsProduct({{16}, {1280, 2560}, {1280}, {3}, {1}, {0, 1}})  // ResBlocks, 16x16
    ->ArgsProduct({{8}, {1280, 2560}, {1280}, {3}, {1}, {0, 1}})   // ResBlocks, 8x8
    ->ArgsProduct({{64}, {640}, {320}, {1}, {1}, {0, 1}})          // skip connection
    ->ArgsProduct({{64}, {320}, {320}, {3}, {2}, {0, 1}})          // Downsample
    ->ArgsProduct({{64}, {320}, {4}, {3}, {1}, {0, 1}})            // conv_out
    ->ArgsProduct({{512}, {128}, {128}, {3}, {1}, {0, 1}})         // VAE decoder, two pictures
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Arguments: side before doubling, channels, type. Rates count the convolution of the large
// picture.
void upsample_conv2d(benchmark::State& state) {
  const auto device = bench::open(state, 2);
  const std::int64_t side = state.range(0);
  const std::int64_t channels = state.range(1);
  const Tensor x = bench::tensor(*device, {2, side, side, channels});
  const Weight weight =
      bench::weight(*device, WeightUse::upsample_conv, {channels, channels, 3, 3});
  Tensor out = ops::upsample_conv2d(x, weight, 2 * side, 2 * side);
  out = ops::upsample_conv2d(x, weight, 2 * side, 2 * side);
  for (auto _ : state) {
    benchmark::DoNotOptimize(out = ops::upsample_conv2d(x, weight, 2 * side, 2 * side));
  }
  bench::count_flops(state, 18.0 * static_cast<double>(out.size() * channels));
}
BENCHMARK(upsample_conv2d)
    ->ArgNames({"side", "channels", "bf16"})
    ->ArgsProduct({{8, 16}, {1280}, {0, 1}})
    ->ArgsProduct({{32}, {640}, {0, 1}})
    ->ArgsProduct({{256}, {256}, {0, 1}})  // VAE decoder, two pictures
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace sagitta
