#include "sagitta/ops/conv2d.h"

#include "backend/twin.h"
#include "sagitta/backend/cpu/winograd_path.h"

#include <algorithm>
#include <iterator>

namespace sagitta {
namespace {

struct Case {
  Shape x;  // (B, H, W, C)
  std::int64_t channels;
  std::int64_t kernel;
  int stride = 1;
  int pad_before = 0;
  int pad_after = 0;
};

const std::vector<Case> kCases{
    {{1, 1, 1, 1}, 1, 1},
    {{1, 1, 1, 3}, 2, 3, 1, 1, 1},
    {{2, 8, 8, 4}, 32, 3, 1, 1, 1},
    {{2, 8, 8, 32}, 4, 3, 1, 1, 1},
    {{1, 7, 5, 3}, 5, 3, 1, 1, 1},
    {{3, 5, 9, 17}, 33, 1},
    {{1, 1, 13, 6}, 7, 3, 1, 1, 1},
    {{2, 9, 7, 8}, 16, 3, 2, 1, 1},
    {{2, 8, 6, 8}, 16, 3, 2, 0, 1},
    {{1, 9, 9, 5}, 6, 5, 3, 2, 1},
    {{1, 8, 8, 16}, 16, 2, 2},
    {{1, 12, 12, 160}, 96, 3, 1, 1, 1},
    {{2, 1, 1, 16}, 16, 3, 1, 1, 1},
    {{3, 7, 5, 16}, 33, 3, 1, 1, 1},
    {{1, 2, 16, 48}, 16, 3, 1, 1, 1},
    {{2, 6, 6, 400}, 24, 3, 1, 1, 1},
    {{1, 33, 40, 20}, 19, 3, 1, 1, 1},
    {{2, 10, 10, 32}, 32, 3, 1, 0, 0},
    // Whole tiles, where pairs and rows of tiles do not always come out even.
    {{2, 8, 8, 64}, 96, 3, 1, 1, 1},
    {{2, 16, 16, 64}, 96, 3, 1, 1, 1},
    {{3, 17, 31, 32}, 32, 3, 1, 1, 1},
    {{1, 63, 5, 96}, 64, 3, 1, 1, 1},
    {{1, 3, 140, 32}, 160, 3, 1, 1, 1},
    {{1, 64, 1, 32}, 32, 3, 1, 1, 1},
    {{2, 40, 32, 64}, 704, 3, 1, 1, 1},
    // Few pixels of many channels, which a backend may sum in parts.
    {{2, 8, 8, 640}, 72, 3, 1, 1, 1},
    {{1, 4, 4, 520}, 3, 3, 1, 1, 1},
};

class Conv2dTwin : public TwinTest {};

TEST_P(Conv2dTwin, PlainAgrees) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(to_string(c.x));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(c.x);
      const Weight weight = side.weight(WeightUse::conv, {c.channels, c.x[3], c.kernel, c.kernel});
      return ops::conv2d(
          x, weight, {.stride = c.stride, .pad_before = c.pad_before, .pad_after = c.pad_after});
    });
  }
}

TEST_P(Conv2dTwin, BiasAgrees) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(to_string(c.x));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(c.x);
      const Weight weight = side.weight(WeightUse::conv, {c.channels, c.x[3], c.kernel, c.kernel});
      const Weight bias = side.weight(WeightUse::vector, {c.channels}, 1);
      return ops::conv2d(x, weight,
                         {.bias = &bias,
                          .stride = c.stride,
                          .pad_before = c.pad_before,
                          .pad_after = c.pad_after});
    });
  }
}

// All subsets of bias, row bias and residual, as a ResBlock and an upsampler use them. A backend
// may add the row bias to small and to large images in different ways.
TEST_P(Conv2dTwin, EveryCombinationOfAddendsAgrees) {
  for (const Shape& shape :
       {Shape{2, 6, 5, 12}, Shape{1, 1, 1, 32}, Shape{3, 16, 16, 8}, Shape{2, 40, 33, 8},
        Shape{3, 9, 7, 24}, Shape{3, 19, 22, 32}, Shape{2, 4, 4, 320}}) {
    const std::int64_t channels = shape[3] % 32 == 0 ? 64 : 20;
    for (int addends = 0; addends < 8; ++addends) {
      SCOPED_TRACE(to_string(shape) + " addends " + std::to_string(addends));
      expect_twins([&](Side& side) {
        const Tensor x = side.tensor(shape);
        const Weight weight = side.weight(WeightUse::conv, {channels, shape[3], 3, 3});
        const Weight bias = side.weight(WeightUse::vector, {channels}, 3);
        const Tensor row_bias = side.tensor({shape[0], channels}, 5);
        const Tensor residual = side.tensor({shape[0], shape[1], shape[2], channels}, 7);
        return ops::conv2d(x, weight,
                           {.bias = (addends & 1) != 0 ? &bias : nullptr,
                            .row_bias = (addends & 2) != 0 ? &row_bias : nullptr,
                            .residual = (addends & 4) != 0 ? &residual : nullptr,
                            .pad_before = 1,
                            .pad_after = 1});
      });
    }
  }
}

// More values than a backend may want to transform at once.
TEST_P(Conv2dTwin, LargePicturesAgree) {
  expect_twins([&](Side& side) {
    const Tensor x = side.tensor({2, 131, 256, 64});
    const Weight weight = side.weight(WeightUse::conv, {32, 64, 3, 3});
    const Tensor row_bias = side.tensor({2, 32});
    const Tensor residual = side.tensor({2, 131, 256, 32});
    return ops::conv2d(
        x, weight, {.row_bias = &row_bias, .residual = &residual, .pad_before = 1, .pad_after = 1});
  });
}

// The kernels of the CPU backend add in the same order for every batch; others need not.
TEST_P(Conv2dTwin, SampleDoesNotNoticeItsBatch) {
  if (GetParam().device != "cpu") GTEST_SKIP() << "not promised";
  for (const Shape& shape : {Shape{3, 9, 11, 32}, Shape{3, 17, 16, 32}, Shape{3, 64, 64, 64}}) {
    SCOPED_TRACE(to_string(shape));
    if (GetParam().compute == DType::bf16 && !cpu::kWinogradDot.usable()) {
      GTEST_SKIP() << "no AVX512_BF16";
    }
    Side side(device(), GetParam().compute);
    const Tensor x = side.tensor(shape);
    const Weight weight = side.weight(WeightUse::conv, {64, shape[3], 3, 3});
    const Weight bias = side.weight(WeightUse::vector, {64});
    const auto convolve = [&](const Tensor& samples) {
      return download(
          ops::conv2d(samples, weight, {.bias = &bias, .pad_before = 1, .pad_after = 1}));
    };
    const Array all = convolve(x);
    for (std::int64_t sample = 0; sample < shape[0]; ++sample) {
      const Array one = convolve(x.slice(sample, 1));
      const auto first = all.values().begin() + sample * std::ssize(one.values());
      EXPECT_TRUE(std::equal(one.values().begin(), one.values().end(), first)) << sample;
    }
  }
}

TEST_P(Conv2dTwin, SliceOfABatchAgrees) {
  expect_twins([&](Side& side) {
    const Tensor x = side.tensor({3, 5, 5, 7}).slice(1, 1);
    const Weight weight = side.weight(WeightUse::conv, {9, 7, 3, 3});
    return ops::conv2d(x, weight, {.pad_before = 1, .pad_after = 1});
  });
}

// Rows of a tensor that start anywhere in memory.
TEST_P(Conv2dTwin, UnalignedOperandsAgree) {
  expect_twins([&](Side& side) {
    const Tensor x = side.tensor({9, 4}).slice(1, 8).reshaped({1, 2, 2, 8});
    const Weight weight = side.weight(WeightUse::conv, {6, 8, 3, 3});
    const Tensor row_bias = side.tensor({3, 3}).slice(1, 2).reshaped({1, 6});
    const Tensor residual = side.tensor({9, 3}).slice(1, 8).reshaped({1, 2, 2, 6});
    return ops::conv2d(
        x, weight, {.row_bias = &row_bias, .residual = &residual, .pad_before = 1, .pad_after = 1});
  });
}

// Doublings, which have kernels of their own, and all other enlargements.
TEST_P(Conv2dTwin, UpsamplingAgrees) {
  struct Upsampling {
    Shape x;
    std::int64_t channels;
    std::int64_t height;
    std::int64_t width;
  };
  const std::vector<Upsampling> cases{
      {{1, 1, 1, 1}, 1, 2, 2},    {{2, 4, 6, 3}, 5, 8, 12},      {{3, 8, 8, 32}, 32, 16, 16},
      {{1, 5, 7, 33}, 7, 10, 14}, {{1, 16, 24, 64}, 48, 32, 48}, {{2, 5, 7, 16}, 16, 9, 13},
      {{1, 1, 1, 5}, 3, 3, 4},    {{2, 4, 4, 8}, 8, 8, 7},       {{1, 9, 8, 4}, 4, 4, 3}};
  for (const Upsampling& c : cases) {
    for (const bool biased : {false, true}) {
      SCOPED_TRACE(to_string(c.x) + (biased ? " with bias" : ""));
      expect_twins([&](Side& side) {
        const Tensor x = side.tensor(c.x);
        const Weight weight = side.weight(WeightUse::upsample_conv, {c.channels, c.x[3], 3, 3});
        const Weight bias = side.weight(WeightUse::vector, {c.channels}, 3);
        return ops::upsample_conv2d(x, weight, c.height, c.width, biased ? &bias : nullptr);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Conv2dTwin, testing::ValuesIn(twin_targets()), target_name);

}  // namespace
}  // namespace sagitta
