// What only the CPU backend has: packed layouts, plans, threads, and its memory. That its results
// are right at small sizes is shown by the twin tests; here are real layers and odd cases.
#include "sagitta/backend/cpu/amx.h"
#include "sagitta/backend/cpu/context.h"
#include "sagitta/backend/cpu/dnnl.h"
#include "sagitta/backend/cpu/linear_bf16.h"
#include "sagitta/backend/cpu/open.h"
#include "sagitta/backend/cpu/weights.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/backend/cpu/winograd_path.h"
#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

#include <gmock/gmock.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace sagitta {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Array noise(Shape shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Array array(std::move(shape));
  std::generate(array.values().begin(), array.values().end(), [&] { return normal(random); });
  return array;
}

// The largest difference as a share of the largest wanted value.
double distance(const Array& got, const Array& want) {
  EXPECT_EQ(to_string(got.shape()), to_string(want.shape()));
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(want[i])));
    const double d = std::abs(static_cast<double>(got[i]) - want[i]);
    if (!std::isfinite(d)) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, d);
  }
  return difference / largest;
}

struct ConvCase {
  Shape x;  // (B, H, W, C)
  Shape kernel;
  int stride;
  int pad_before;
  int pad_after;
};

struct Inputs {
  Array x;
  Array weight;
  Array bias;
  Array row_bias;
  Array residual;
};

Shape out_shape(const ConvCase& c) {
  const std::int64_t padding = c.pad_before + c.pad_after;
  return {c.x[0], (c.x[1] + padding - c.kernel[2]) / c.stride + 1,
          (c.x[2] + padding - c.kernel[3]) / c.stride + 1, c.kernel[0]};
}

Inputs inputs_of(const ConvCase& c) {
  return {noise(c.x, 1), noise(c.kernel, 2), noise({c.kernel[0]}, 3),
          noise({c.x[0], c.kernel[0]}, 4), noise(out_shape(c), 5)};
}

Array convolve(Device& device, const ConvCase& c, const Inputs& in) {
  const Tensor x = upload(device, in.x);
  const Weight weight = load_weight(device, WeightUse::conv, to_stored(in.weight));
  const Weight bias = load_weight(device, WeightUse::vector, to_stored(in.bias));
  const Tensor row_bias = upload(device, in.row_bias);
  const Tensor residual = upload(device, in.residual);
  Tensor out(device, out_shape(c));
  device.kernels().conv2d({.x = x,
                           .weight = weight,
                           .bias = &bias,
                           .row_bias = &row_bias,
                           .residual = &residual,
                           .stride = c.stride,
                           .pad_before = c.pad_before,
                           .pad_after = c.pad_after},
                          out);
  return download(out);
}

TEST(CpuConv2d, UnusualSizesAgreeWithTheReference) {
  const auto cpu = cpu::open({});
  const auto reference = open_device("reference");
  const ConvCase cases[] = {
      {{1, 9, 7, 128}, {128, 128, 3, 3}, 1, 1, 1},   // oneDNN wants another layout than usual
      {{2, 4, 4, 512}, {1280, 512, 3, 3}, 2, 1, 1},  // and here
      {{2, 7, 9, 32}, {48, 32, 1, 1}, 2, 0, 0},      // a pointwise kernel that skips pixels
      {{1, 3, 4, 16}, {24, 16, 1, 1}, 3, 2, 1},      // and sees padding
      {{1, 28, 28, 3}, {64, 3, 14, 14}, 14, 0, 0},   // patches of a vision transformer
      {{2, 10, 11, 9}, {320, 9, 3, 3}, 1, 1, 1},     // an inpainting model's input
      {{1, 5, 5, 4}, {8, 4, 3, 3}, 1, 3, 3},         // more padding than the kernel needs
      {{1, 6, 7, 5}, {7, 5, 3, 1}, 1, 0, 2},         // a kernel that is not square
  };
  for (const ConvCase& c : cases) {
    SCOPED_TRACE(to_string(c.x) + " by " + to_string(c.kernel));
    const Inputs in = inputs_of(c);
    EXPECT_LE(distance(convolve(*cpu, c, in), convolve(*reference, c, in)), 1e-5);
  }
}

TEST(CpuConv2d, SamplesDoNotDependOnTheirBatch) {
  const auto cpu = cpu::open({});
  const ConvCase both{{2, 16, 16, 64}, {96, 64, 3, 3}, 1, 1, 1};
  const Inputs in = inputs_of(both);
  const ConvCase one{{1, 16, 16, 64}, {96, 64, 3, 3}, 1, 1, 1};
  const Inputs second{in.x.slice(1, 1), in.weight, in.bias, in.row_bias.slice(1, 1),
                      in.residual.slice(1, 1)};
  EXPECT_LE(distance(convolve(*cpu, both, in).slice(1, 1), convolve(*cpu, one, second)), 1e-6);
}

TEST(CpuPlans, RealLayersNeverRunReferenceCode) {
  const auto device = cpu::open({});
  auto& context = device->context<cpu::Context>();
  for (const auto& [side, in, out, stride] :
       std::vector<std::array<std::int64_t, 4>>{{64, 4, 320, 1},
                                                {64, 9, 320, 1},
                                                {64, 320, 320, 1},
                                                {64, 960, 320, 1},
                                                {64, 320, 320, 2},
                                                {8, 2560, 1280, 1},
                                                {64, 320, 4, 1},
                                                {512, 128, 3, 1},
                                                {33, 32, 32, 1}}) {
    const cpu::ConvProblem problem{.height = side,
                                   .width = side,
                                   .in = in,
                                   .out = out,
                                   .kernel_h = 3,
                                   .kernel_w = 3,
                                   .stride = stride,
                                   .pad_before = {1, 1},
                                   .pad_after = {1, 1},
                                   .bias = true,
                                   .accumulate = true};
    const cpu::Plan plan = plan_conv(context.engine, problem, nullptr);
    EXPECT_TRUE(plan.is_fast()) << plan.implementation << " for " << in << " to " << out;
  }
}

// Multiplies by the weight that `values` hold, so that packing shows.
Array product(Device& device, const Array& x, const StoredTensor& values) {
  const Weight weight = load_weight(device, WeightUse::linear, values);
  Tensor out(device, {x.dim(0), values.shape[0]});
  device.kernels().linear({.x = upload(device, x), .weight = weight}, out);
  return download(out);
}

TEST(CpuWeights, EveryStoredTypeIsWidenedExactly) {
  const auto device = cpu::open({});
  const Array x = noise({5, 33}, 1);
  // Multiples of 1/4 up to 2 are exact in all of these types.
  Array values({20, 33});
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = (static_cast<float>(i % 17) - 8) / 4;
  }
  const Array want = product(*device, x, to_stored(values));
  const auto bytes = std::make_shared<std::vector<std::byte>>();
  const auto stored_as = [&](DType dtype, auto convert) {
    bytes->resize(values.size() * size_of(dtype) + 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = convert(values[i]);
      // One byte off, as a file may have it.
      std::memcpy(bytes->data() + 1 + i * sizeof(value), &value, sizeof(value));
    }
    return StoredTensor{dtype, values.shape(), bytes->data() + 1, bytes};
  };
  EXPECT_EQ(distance(product(*device, x, stored_as(DType::f32, [](float v) { return v; })), want),
            0);
  EXPECT_EQ(distance(product(*device, x, stored_as(DType::f16, f32_to_f16)), want), 0);
  EXPECT_EQ(distance(product(*device, x, stored_as(DType::bf16, f32_to_bf16)), want), 0);
  const auto to_f64 = [](float v) { return static_cast<double>(v); };
  EXPECT_EQ(distance(product(*device, x, stored_as(DType::f64, to_f64)), want), 0);
  // An e5m2 is the upper byte of a half.
  const auto to_f8 = [](float v) { return static_cast<std::uint8_t>(f32_to_f16(v) >> 8U); };
  Array coarse = values;
  for (float& value : coarse.values())
    value = f16_to_f32(static_cast<std::uint16_t>(to_f8(value) << 8U));
  EXPECT_EQ(distance(product(*device, x, stored_as(DType::f8_e5m2, to_f8)),
                     product(*device, x, to_stored(coarse))),
            0);
}

TEST(CpuWeights, EveryFiniteHalfIsWidenedExactly) {
  const auto device = cpu::open({});
  constexpr std::int64_t kSide = 256;
  Array identity({kSide, kSide});
  for (std::size_t i = 0; i < kSide; ++i) identity[i * kSide + i] = 1;
  const auto halves = std::make_shared<std::vector<std::uint16_t>>(kSide * kSide);
  Array want({kSide, kSide});  // the product is the transposed weight
  for (std::size_t i = 0; i < halves->size(); ++i) {
    const bool finite = (i & 0x7C00U) != 0x7C00U;
    (*halves)[i] = finite ? static_cast<std::uint16_t>(i) : std::uint16_t{0};
    want[i % kSide * kSide + i / kSide] = f16_to_f32((*halves)[i]);
  }
  const auto* const data = reinterpret_cast<const std::byte*>(halves->data());
  const Array got = product(*device, identity, {DType::f16, {kSide, kSide}, data, halves});
  EXPECT_THAT(got.values(), testing::ElementsAreArray(want.values()));
}

TEST(CpuWeights, BytesAreThoseOfThePackedForm) {
  const auto device = cpu::open({});
  // 320 x 320 needs no padding in any layout.
  const Array values = noise({320, 320}, 1);
  EXPECT_EQ(load_weight(*device, WeightUse::linear, to_stored(values)).bytes, 320U * 320U * 4U);
}

TEST(CpuWeights, EmptyWeightIsRefused) {
  const auto device = cpu::open({});
  EXPECT_THAT(
      [&] {
        (void)load_weight(*device, WeightUse::linear, to_stored(Array({0, 4})));
      },
      ThrowsMessage<Error>(HasSubstr("0x4")));
}

TEST(CpuWeights, GatedWeightOfOddHeightIsRefused) {
  const auto device = cpu::open({});
  EXPECT_THAT(
      [&] {
        (void)load_weight(*device, WeightUse::geglu, to_stored(Array({7, 4})));
      },
      ThrowsMessage<Error>(HasSubstr("7x4")));
}

// (out / 32, in / 2, kernel, 32 of out, 2 of in), for which oneDNN has no name.
cpu::Layout blocks_of_pairs() {
  dnnl_memory_desc_t desc = cpu::Layout({192, 64, 3, 3}, dnnl::memory::data_type::bf16,
                                        dnnl::memory::format_tag::AcdB32a2b)
                                .data;
  auto& strides = desc.format_desc.blocking.strides;
  strides[3] = 64;
  strides[2] = 3 * strides[3];
  strides[1] = 3 * strides[2];
  return cpu::Layout(desc);
}

TEST(CpuKernelTiles, AreFoundInBlocksOfWholeTiles) {
  using Tag = dnnl::memory::format_tag;
  const auto tiles_in = [](Tag tag) {
    return cpu::kernel_tiles({{192, 64, 3, 3}, dnnl::memory::data_type::bf16, tag});
  };
  const auto narrow = tiles_in(Tag::AcdB16b16a2b);
  ASSERT_TRUE(narrow);
  EXPECT_EQ(narrow->columns, 16);
  EXPECT_EQ(narrow->tile_row, 64);
  EXPECT_EQ(narrow->depth, 1024);
  EXPECT_EQ(narrow->kernel_column, 2 * 1024);
  EXPECT_EQ(narrow->kernel_row, 6 * 1024);
  EXPECT_EQ(narrow->block, 18 * 1024);
  const auto wide = tiles_in(Tag::AcdB16b64a2b);
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->columns, 64);
  EXPECT_EQ(wide->tile_row, 256);
  EXPECT_EQ(wide->depth, 4 * 1024);
  EXPECT_TRUE(tiles_in(Tag::AcdB16b48a2b));
  // Pairs of rows without blocks of 16 of them.
  const auto endless = tiles_in(Tag::AcdB32a2b);
  ASSERT_TRUE(endless);
  EXPECT_EQ(endless->columns, 32);
  EXPECT_EQ(endless->tile_row, 128);
  EXPECT_EQ(endless->depth, 2 * 1024);
  EXPECT_EQ(endless->kernel_column, 4 * 1024);
  EXPECT_EQ(endless->block, 36 * 1024);
  // The same blocks in another order: rows of a tile are as far apart as the kernels of pairs.
  const auto apart = cpu::kernel_tiles(blocks_of_pairs());
  ASSERT_TRUE(apart);
  EXPECT_EQ(apart->tile_row, 9 * 128);
  EXPECT_EQ(apart->depth, 16 * 9 * 128);
  EXPECT_EQ(apart->kernel_column, 128);
  EXPECT_FALSE(tiles_in(Tag::abcd));
  EXPECT_FALSE(tiles_in(Tag::ABcd16b16a));
  EXPECT_FALSE(
      cpu::kernel_tiles({{192, 64, 3, 3}, dnnl::memory::data_type::f32, Tag::AcdB16b16a2b}));
}

// Else convolutions would silently be oneDNN's.
TEST(CpuKernelTiles, AreInTheUsualLayoutWhereTheProcessorMultipliesBf16) {
  if (!cpu::kWinogradDot.usable()) GTEST_SKIP() << "no AVX512_BF16";
  const auto device = cpu::open({.compute = DType::bf16});
  for (const std::int64_t channels : {32, 64, 96, 128, 160, 320, 640, 704, 1280}) {
    EXPECT_TRUE(cpu::kernel_tiles(cpu::usual_conv_layout(*device, {channels, 320, 3, 3})))
        << channels;
  }
}

// Products with an activation are oneDNN's, from the same weights.
TEST(CpuLinear, OneDnnTakesTheTilesOfWeights) {
  if (!cpu::amx_usable()) GTEST_SKIP() << "no AMX";
  const auto device = cpu::open({.compute = DType::bf16});
  const auto& engine = device->context<cpu::Context>().engine;
  for (const std::int64_t out : {32, 96, 320, 1280}) {
    const cpu::Layout tiles = *cpu::tile_layout(320, out);
    const cpu::Plan plan = cpu::plan_matmul(engine,
                                            {.type = DType::bf16,
                                             .rows = 2,
                                             .in = 320,
                                             .out = out,
                                             .activation = Activation::silu,
                                             .bias = true},
                                            &tiles);
    EXPECT_TRUE(plan.is_fast()) << out << ": " << plan.implementation;
    EXPECT_TRUE(plan.weights == tiles) << out;
  }
}

TEST(CpuLinear, GatedProductInManyBlocksAgreesWithTheReference) {
  const Array x = noise({1, 1100, 24}, 1);
  const Array weight = noise({2 * 1024, 24}, 2);  // 512 rows of gates are a block
  const Array bias = noise({2 * 1024}, 3);
  const auto run = [&](Device& device) {
    const Weight w = load_weight(device, WeightUse::geglu, to_stored(weight));
    const Weight b = load_weight(device, WeightUse::vector, to_stored(bias));
    Tensor out(device, {1, 1100, 1024});
    device.kernels().linear_geglu({.x = upload(device, x), .weight = w, .bias = &b}, out);
    return download(out);
  };
  EXPECT_LE(distance(run(*cpu::open({})), run(*open_device("reference"))), 1e-5);
}

TEST(CpuThreads, SettingHoldsOnEveryThreadAndOnlyWithinKernels) {
  const auto device = cpu::open({.threads = 3});
  std::thread([&] {
    const int before = omp_get_max_threads();
    {
      const cpu::KernelScope scope(device->context<cpu::Context>(), cpu::Subnormals::flush);
      EXPECT_EQ(omp_get_max_threads(), 3);
    }
    EXPECT_EQ(omp_get_max_threads(), before);
  }).join();
}

TEST(CpuThreads, TooManyAreRefused) {
  EXPECT_THAT([] { (void)cpu::open({.threads = 1 << 20}); },
              ThrowsMessage<Error>(HasSubstr("1048576 threads")));
}

int threads_without_subnormals() {
  const volatile float tiny = std::numeric_limits<float>::min();
  int count = 0;
#pragma omp parallel reduction(+ : count)
  count += tiny / 2 == 0 ? 1 : 0;
  return count;
}

TEST(CpuThreads, SubnormalsVanishOnAllThreadsWhereAsked) {
  const auto device = cpu::open({.threads = 2});
  const auto& context = device->context<cpu::Context>();
  {
    const cpu::KernelScope scope(context, cpu::Subnormals::flush);
    EXPECT_EQ(threads_without_subnormals(), 2);
  }
  const cpu::KernelScope scope(context, cpu::Subnormals::keep);
  EXPECT_EQ(threads_without_subnormals(), 0);
}

TEST(CpuThreads, CallersKeepTheirSubnormals) {
  const auto device = cpu::open({.threads = 2});
  const volatile float tiny = std::numeric_limits<float>::min();
  { const cpu::KernelScope scope(device->context<cpu::Context>(), cpu::Subnormals::flush); }
  EXPECT_NE(tiny / 2, 0);
}

TEST(CpuMemory, LargeBlocksAreAlignedToHugePages) {
  const auto device = cpu::open({});
  constexpr std::size_t kBytes = std::size_t{5} << 20U;
  void* const block = device->memory().take(kBytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % (std::size_t{2} << 20U), 0U);
  std::memset(block, 1, kBytes);
  device->memory().give(block, kBytes);
}

TEST(CpuMemory, SmallBlocksAreAlignedForVectors) {
  const auto device = cpu::open({});
  void* const block = device->memory().take(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0U);
  device->memory().give(block, 100);
}

TEST(CpuMemory, AnImpossibleSizeIsReported) {
  const auto device = cpu::open({});
  EXPECT_THAT([&] { device->memory().take(std::size_t{1} << 62U); },
              ThrowsMessage<Error>(HasSubstr("out of memory")));
}

}  // namespace
}  // namespace sagitta
