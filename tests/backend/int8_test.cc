// Products in int8 on numbers that int8 holds exactly: whatever is not the rounding of the numbers
// must be right to the last bit of f32.
#include "sagitta/backend/cpu/context.h"
#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/open.h"
#include "sagitta/core/array.h"
#include "sagitta/core/stored.h"
#include "sagitta/ops/conv2d.h"
#include "sagitta/ops/linear.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

namespace sagitta {
namespace {

std::unique_ptr<Device> int8_device() { return cpu::open({.int8_products = true}); }

int levels_of(Device& device) { return device.context<cpu::Context>().int8_levels; }

// Whole numbers between the bounds; the first two of every `row` are the bounds themselves.
Array whole_numbers(Shape shape, std::int64_t row, int least, int greatest, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> any(least, greatest);
  Array array(std::move(shape));
  for (std::size_t i = 0; i < array.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i) % row;
    array[i] = static_cast<float>(place == 0 ? greatest : place == 1 ? least : any(random));
  }
  return array;
}

// Bytes hold these exactly: 255 apart, with 0 among them.
Array activations(Shape shape, std::int64_t row, unsigned seed = 1) {
  return whole_numbers(std::move(shape), row, -100, 155, seed);
}

Array weights(Device& device, Shape shape, unsigned seed = 2) {
  const std::int64_t row = element_count(shape) / shape[0];
  const int levels = levels_of(device);
  return whole_numbers(std::move(shape), row, -levels, levels, seed);
}

Array vector(std::int64_t size) { return whole_numbers({size}, size, -1000, 1000, 3); }

double largest_difference(const Array& a, const Array& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

double largest(const Array& a) { return largest_difference(a, Array(a.shape())); }

// Beyond 2^24 f32 itself rounds.
double allowed(const Array& want) { return 1e-6 * largest(want); }

struct LinearCase {
  Shape x;
  std::int64_t out;
};

class Int8Linear : public testing::TestWithParam<LinearCase> {};

TEST_P(Int8Linear, IsExactForWholeNumbers) {
  const Shape& shape = GetParam().x;
  const std::int64_t out = GetParam().out;
  const auto device = int8_device();
  const auto plain = cpu::open({});
  const Array x = activations(shape, shape.back());
  const Array w = weights(*device, {out, shape.back()});
  const auto run = [&](Device& on) {
    const Weight weight = load_weight(on, WeightUse::linear, to_stored(w));
    const Weight bias = load_weight(on, WeightUse::vector, to_stored(vector(out)));
    return download(ops::linear(upload(on, x), weight, {.bias = &bias}));
  };
  const Array want = run(*plain);
  EXPECT_LE(largest_difference(run(*device), want), allowed(want));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Int8Linear,
                         testing::Values(LinearCase{{1, 32}, 32}, LinearCase{{3, 7, 33}, 35},
                                         LinearCase{{2, 64, 320}, 640}, LinearCase{{5, 770}, 129},
                                         LinearCase{{3001, 48}, 1000}));

struct ConvCase {
  Shape x;  // (B, H, W, C)
  std::int64_t out;
  std::int64_t kernel = 3;
  int stride = 1;
  int pad_before = 1;
  int pad_after = 1;
};

class Int8Conv : public testing::TestWithParam<ConvCase> {};

TEST_P(Int8Conv, IsExactForWholeNumbers) {
  const ConvCase& c = GetParam();
  const auto device = int8_device();
  const auto plain = cpu::open({});
  const bool product = c.kernel == 1;  // whose rows have scales of their own
  const Array x = activations(c.x, product ? c.x[3] : c.x[1] * c.x[2] * c.x[3]);
  const Array w = weights(*device, {c.out, c.x[3], c.kernel, c.kernel});
  const auto run = [&](Device& on) {
    const Weight weight = load_weight(on, WeightUse::conv, to_stored(w));
    const Weight bias = load_weight(on, WeightUse::vector, to_stored(vector(c.out)));
    return download(ops::conv2d(
        upload(on, x), weight,
        {.bias = &bias, .stride = c.stride, .pad_before = c.pad_before, .pad_after = c.pad_after}));
  };
  const Array want = run(*plain);
  EXPECT_LE(largest_difference(run(*device), want), allowed(want));
}

// The last two have more sums than fit into one block: several samples, and bands of rows.
INSTANTIATE_TEST_SUITE_P(
    Shapes, Int8Conv,
    testing::Values(ConvCase{{1, 1, 1, 32}, 32}, ConvCase{{2, 7, 5, 33}, 35},
                    ConvCase{{1, 8, 8, 64}, 32, 1, 2, 0, 0}, ConvCase{{2, 9, 12, 32}, 40, 3, 2},
                    ConvCase{{2, 8, 6, 48}, 32, 3, 2, 0, 1},
                    ConvCase{{1, 9, 9, 40}, 32, 5, 3, 2, 1}, ConvCase{{5, 32, 32, 32}, 512},
                    ConvCase{{2, 70, 66, 32}, 512, 3, 2, 1, 1}, ConvCase{{1, 70, 66, 32}, 512}));

// All subsets of bias, row bias and residual.
TEST(Int8Conv2d, AddendsAreExact) {
  const auto device = int8_device();
  const auto plain = cpu::open({});
  const Array x = activations({2, 6, 5, 32}, 6 * 5 * 32);
  const Array w = weights(*device, {40, 32, 3, 3});
  const Array rows = whole_numbers({2, 40}, 40, -500, 500, 4);
  const Array residual = whole_numbers({2, 6, 5, 40}, 40, -500, 500, 5);
  for (int addends = 0; addends < 8; ++addends) {
    SCOPED_TRACE(addends);
    const auto run = [&](Device& on) {
      const Weight weight = load_weight(on, WeightUse::conv, to_stored(w));
      const Weight bias = load_weight(on, WeightUse::vector, to_stored(vector(40)));
      const Tensor row_bias = upload(on, rows);
      const Tensor addend = upload(on, residual);
      return download(ops::conv2d(upload(on, x), weight,
                                  {.bias = (addends & 1) != 0 ? &bias : nullptr,
                                   .row_bias = (addends & 2) != 0 ? &row_bias : nullptr,
                                   .residual = (addends & 4) != 0 ? &addend : nullptr,
                                   .pad_before = 1,
                                   .pad_after = 1}));
    };
    const Array want = run(*plain);
    EXPECT_LE(largest_difference(run(*device), want), allowed(want));
  }
}

// Such a product is what a gated layer makes of weights that are not in int8.
TEST(Int8Product, FactorComesBeforeTheResidual) {
  const auto device = int8_device();
  const Array x = activations({4, 32}, 32);
  const Array factor = whole_numbers({4, 32}, 32, -3, 3, 4);
  const Array residual = whole_numbers({4, 32}, 32, -500, 500, 5);
  const Weight weight =
      load_weight(*device, WeightUse::linear, to_stored(weights(*device, {32, 32})));
  const Array product = download(ops::linear(upload(*device, x), weight));
  Tensor out(*device, {4, 32});
  cpu::multiply(*device, cpu::packed_as<cpu::PackedMatrix>(weight),
                {.rows = 4,
                 .x = x.data(),
                 .factor = factor.data(),
                 .residual = residual.data(),
                 .out = out.data<float>()});
  const Array got = download(out);
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i], product[i] * factor[i] + residual[i]);
  }
}

TEST(Int8Weights, TakeAByteAndTwoNumbersPerColumn) {
  const auto device = int8_device();
  const Array w = weights(*device, {320, 320});
  EXPECT_EQ(load_weight(*device, WeightUse::linear, to_stored(w)).bytes, 320U * 320U + 320U * 8U);
}

TEST(Int8Weights, FewChannelsStayAsTheyAre) {
  const auto device = int8_device();
  const auto plain = cpu::open({});
  for (const Shape& shape : {Shape{64, 4, 3, 3}, Shape{4, 64, 3, 3}}) {
    const Array x = activations({1, 5, 5, shape[1]}, 7);
    const Array w = whole_numbers(shape, 5, -1000, 1000, 4);  // too many steps for int8
    const auto run = [&](Device& on) {
      const Weight weight = load_weight(on, WeightUse::conv, to_stored(w));
      return download(ops::conv2d(upload(on, x), weight, {.pad_before = 1, .pad_after = 1}));
    };
    EXPECT_EQ(largest_difference(run(*device), run(*plain)), 0);
  }
}

}  // namespace
}  // namespace sagitta
