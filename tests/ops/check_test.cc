// What the ops say about arguments that do not fit: the op, the thing, its value, the expectation.
#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/core/stored.h"
#include "sagitta/ops/attention.h"
#include "sagitta/ops/conv2d.h"
#include "sagitta/ops/elementwise.h"
#include "sagitta/ops/layout.h"
#include "sagitta/ops/linear.h"
#include "sagitta/ops/norm.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

namespace sagitta::ops {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OpCheck : public testing::Test {
 protected:
  Tensor tensor(Shape shape) { return upload(*device_, Array(std::move(shape))); }
  Weight weight(WeightUse use, Shape shape) {
    return load_weight(*device_, use, to_stored(Array(std::move(shape))));
  }
  Weight vector(std::int64_t size) { return weight(WeightUse::vector, {size}); }

  static void expect_refused(const std::function<Tensor()>& op,
                             const testing::Matcher<std::string>& message) {
    try {
      (void)op();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::bad_input);
      EXPECT_THAT(error.what(), message);
    }
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  std::unique_ptr<Device> other_ = open_device("reference");
};

TEST_F(OpCheck, Conv2dNamesWrongChannels) {
  expect_refused(
      [&] {
        return conv2d(tensor({1, 8, 8, 4}), weight(WeightUse::conv, {320, 9, 3, 3}));
      },
      AllOf(HasSubstr("conv2d"), HasSubstr("1x8x8x4"), HasSubstr("wants 9")));
}

TEST_F(OpCheck, Conv2dNamesWrongRank) {
  expect_refused(
      [&] {
        return conv2d(tensor({8, 8, 4}), weight(WeightUse::conv, {1, 4, 1, 1}));
      },
      HasSubstr("x of shape 8x8x4 has rank 3, expected 4"));
}

TEST_F(OpCheck, Conv2dRefusesAKernelLargerThanThePicture) {
  expect_refused(
      [&] {
        return conv2d(tensor({1, 2, 9, 1}), weight(WeightUse::conv, {1, 1, 3, 3}));
      },
      HasSubstr("smaller than the kernel, 3x3"));
}

TEST_F(OpCheck, Conv2dRefusesStrideZeroAndNegativePadding) {
  const Tensor x = tensor({1, 4, 4, 1});
  const Weight kernel = weight(WeightUse::conv, {1, 1, 1, 1});
  expect_refused([&] { return conv2d(x, kernel, {.stride = 0}); }, HasSubstr("stride is 0"));
  expect_refused([&] { return conv2d(x, kernel, {.pad_before = -1}); },
                 HasSubstr("padding is -1 before and 0 after"));
}

TEST_F(OpCheck, Conv2dSurvivesTheLargestPadding) {
  constexpr int kMost = std::numeric_limits<int>::max();
  EXPECT_THROW((void)conv2d(tensor({1 << 20, 1, 1, 1}), weight(WeightUse::conv, {1, 1, 1, 1}),
                            {.pad_before = kMost, .pad_after = kMost}),
               Error);
}

TEST_F(OpCheck, Conv2dNamesWrongAddends) {
  const Tensor x = tensor({2, 4, 4, 3});
  const Weight kernel = weight(WeightUse::conv, {5, 3, 3, 3});
  const Weight bias = vector(3);
  const Tensor row_bias = tensor({1, 5});
  const Tensor residual = tensor({2, 4, 4, 5});
  expect_refused([&] { return conv2d(x, kernel, {.bias = &bias}); },
                 HasSubstr("bias has shape 3, expected 5"));
  expect_refused([&] { return conv2d(x, kernel, {.row_bias = &row_bias}); },
                 HasSubstr("row_bias has shape 1x5, expected 2x5"));
  expect_refused([&] { return conv2d(x, kernel, {.residual = &residual}); },
                 HasSubstr("residual has shape 2x4x4x5, expected 2x2x2x5"));
}

TEST_F(OpCheck, WeightMustBeLoadedForItsUse) {
  const Tensor x = tensor({2, 4});
  expect_refused(
      [&] {
        return linear(x, weight(WeightUse::geglu, {6, 4}));
      },
      HasSubstr("loaded as a geglu weight, expected linear"));
  expect_refused([&] { return linear(x, Weight{}); }, HasSubstr("weight is not loaded"));
}

TEST_F(OpCheck, LinearNamesWrongFeatures) {
  expect_refused(
      [&] {
        return linear(tensor({2, 77, 768}), weight(WeightUse::linear, {3, 1024}));
      },
      AllOf(HasSubstr("2x77x768"), HasSubstr("wants 1024")));
  expect_refused(
      [&] {
        return linear_geglu(tensor({1, 3}), weight(WeightUse::geglu, {4, 5}));
      },
      HasSubstr("linear_geglu: x of shape 1x3 has 3 features"));
}

TEST_F(OpCheck, LinearNamesAWrongResidual) {
  const Tensor residual = tensor({2, 4});
  expect_refused(
      [&] {
        return linear(tensor({2, 4}), weight(WeightUse::linear, {5, 4}), {.residual = &residual});
      },
      HasSubstr("residual has shape 2x4, expected 2x5"));
}

TEST_F(OpCheck, GegluWantsAnEvenWeight) {
  expect_refused(
      [&] {
        return linear_geglu(tensor({1, 4}), weight(WeightUse::geglu, {3, 4}));
      },
      HasSubstr("3x4 has an odd number of rows"));
}

TEST_F(OpCheck, FeedForwardWantsWeightsThatFit) {
  const Tensor x = tensor({2, 4});
  const Weight gated = weight(WeightUse::geglu, {6, 4});
  expect_refused(
      [&] {
        return feed_forward(x, gated, weight(WeightUse::linear, {4, 6}));
      },
      HasSubstr("feed_forward: gated of shape 6x4 gives 3 values, but weight of shape 4x6 wants 6"));
  const Tensor residual = tensor({2, 3});
  expect_refused(
      [&] {
        return feed_forward(x, gated, weight(WeightUse::linear, {4, 3}), {.residual = &residual});
      },
      HasSubstr("residual has shape 2x3, expected 2x4"));
}

TEST_F(OpCheck, GroupNormWantsGroupsThatDivideTheChannels) {
  const Tensor x = tensor({1, 2, 2, 48});
  for (const int groups : {32, 0, -1}) {
    expect_refused([&] { return group_norm(x, vector(48), vector(48), {.groups = groups}); },
                   HasSubstr("48 channels cannot be split into " + std::to_string(groups)));
  }
}

TEST_F(OpCheck, NormsRefuseWrongParameters) {
  expect_refused(
      [&] {
        return group_norm(tensor({1, 2, 2, 8}), vector(8), vector(4), {.groups = 2});
      },
      HasSubstr("group_norm: beta has shape 4, expected 8"));
  expect_refused(
      [&] {
        return layer_norm(tensor({2, 8}), vector(4), vector(8));
      },
      HasSubstr("layer_norm: gamma has shape 4, expected 8"));
  expect_refused(
      [&] {
        return layer_norm(tensor({2, 8}), vector(8), vector(8), {.eps = -1});
      },
      HasSubstr("eps is -1"));
}

TEST_F(OpCheck, AttentionNamesWhatDoesNotFit) {
  const Tensor q = tensor({2, 16, 12});
  expect_refused(
      [&] {
        return attention(q, tensor({2, 7, 8}), tensor({2, 7, 8}));
      },
      HasSubstr("k has shape 2x7x8, expected 2x7x12"));
  expect_refused(
      [&] {
        return attention(q, tensor({2, 7, 12}), tensor({2, 8, 12}));
      },
      HasSubstr("v has shape 2x8x12, expected 2x7x12"));
  expect_refused([&] { return attention(q, q, q, {.heads = 5}); },
                 HasSubstr("12 channels cannot be split into 5 heads"));
  expect_refused([&] { return observed_attention(q, q, q, {.heads = 0}).out; },
                 HasSubstr("12 channels cannot be split into 0 heads"));
}

TEST_F(OpCheck, UpsampleConv2dNamesWhatDoesNotFit) {
  const Weight kernel = weight(WeightUse::upsample_conv, {5, 3, 3, 3});
  expect_refused(
      [&] {
        return upsample_conv2d(tensor({1, 2, 2, 3}), kernel, 0, 4);
      },
      HasSubstr("target is 0x4"));
  expect_refused(
      [&] {
        return upsample_conv2d(tensor({1, 2, 2, 4}), kernel, 4, 4);
      },
      HasSubstr("has 4 channels"));
  const Weight plain = weight(WeightUse::conv, {5, 3, 3, 3});
  expect_refused(
      [&] {
        return upsample_conv2d(tensor({1, 2, 2, 3}), plain, 4, 4);
      },
      HasSubstr("loaded as a conv weight"));
}

TEST_F(OpCheck, LayoutOpsNameWhatDoesNotFit) {
  expect_refused(
      [&] {
        return concat_channels(tensor({1, 2, 3}), tensor({1, 3, 3}));
      },
      HasSubstr("b has shape 1x3x3, expected 1x2x3"));
  expect_refused(
      [&] {
        return concat_channels(tensor({1, 2, 3}), tensor({2, 3}));
      },
      HasSubstr("rank 2, expected 3"));
}

TEST_F(OpCheck, AxpbyWantsEqualShapes) {
  expect_refused(
      [&] {
        return add(tensor({2, 3}), tensor({3, 2}));
      },
      HasSubstr("y has shape 3x2, expected 2x3"));
}

TEST_F(OpCheck, EmptyTensorsAreRefused) {
  expect_refused([&] { return activate(Activation::silu, Tensor()); },
                 HasSubstr("x is an empty tensor"));
  expect_refused(
      [&] {
        return activate(Activation::silu, tensor({2, 0}));
      },
      HasSubstr("x of shape 2x0 has no elements"));
}

TEST_F(OpCheck, DevicesMayNotBeMixed) {
  const Tensor elsewhere = upload(*other_, Array({2}));
  expect_refused([&] { return add(tensor({2}), elsewhere); }, HasSubstr("y is on device"));
  const Weight far = load_weight(*other_, WeightUse::linear, to_stored(Array({2, 2})));
  expect_refused([&] { return linear(tensor({1, 2}), far); }, HasSubstr("weight is on device"));
}

TEST_F(OpCheck, OtherTypesThanTheComputeTypeAreRefused) {
  expect_refused(
      [&] { return activate(Activation::gelu, upload(*device_, Array({2}), DType::f16)); },
      HasSubstr("x is f16, but device 'reference' computes in f32"));
}

}  // namespace
}  // namespace sagitta::ops
