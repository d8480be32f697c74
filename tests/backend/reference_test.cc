// The oracle itself, against sums done by hand.
#include "sagitta/backend/open.h"
#include "sagitta/core/stored.h"
#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"
#include "sagitta/ops/attention.h"
#include "sagitta/ops/conv2d.h"
#include "sagitta/ops/elementwise.h"
#include "sagitta/ops/layout.h"
#include "sagitta/ops/linear.h"
#include "sagitta/ops/norm.h"

#include <gmock/gmock.h>

#include <cmath>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::FloatNear;
using testing::Pointwise;

class Reference : public testing::Test {
 protected:
  Tensor tensor(Shape shape, std::vector<float> values) {
    return upload(*device_, Array(std::move(shape), std::move(values)));
  }
  Weight weight(WeightUse use, Shape shape, std::vector<float> values) {
    return load_weight(*device_, use, to_stored(Array(std::move(shape), std::move(values))));
  }
  static std::vector<float> values(const Tensor& tensor) {
    const Array array = download(tensor);
    return {array.values().begin(), array.values().end()};
  }

  std::unique_ptr<Device> device_ = open_device("reference");
};

TEST_F(Reference, Conv2dSumsTheWindow) {
  // 2x2 picture of two channels; one 2x2 kernel: channel 0 counts plainly, channel 1 times ten.
  const Tensor x = tensor({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Weight kernel = weight(WeightUse::conv, {1, 2, 2, 2}, {1, 1, 1, 1, 10, 10, 10, 10});
  EXPECT_THAT(values(ops::conv2d(x, kernel)), ElementsAre(1 + 3 + 5 + 7 + 10 * (2 + 4 + 6 + 8)));
}

TEST_F(Reference, Conv2dTapsAreNotFlipped) {
  const Tensor x = tensor({1, 1, 3, 1}, {1, 10, 100});
  const Weight kernel = weight(WeightUse::conv, {1, 1, 1, 2}, {2, 3});
  EXPECT_THAT(values(ops::conv2d(x, kernel)), ElementsAre(2 * 1 + 3 * 10, 2 * 10 + 3 * 100));
}

TEST_F(Reference, Conv2dPadsOnlyWhereAskedAndStrides) {
  // Zero below and to the right, stride 2: windows start at 0 and 2, the second is half outside.
  const Tensor x = tensor({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Weight kernel = weight(WeightUse::conv, {1, 1, 2, 2}, {1, 1, 1, 1});
  EXPECT_THAT(values(ops::conv2d(x, kernel, {.stride = 2, .pad_after = 1})),
              ElementsAre(1 + 2 + 4 + 5, 3 + 6, 7 + 8, 9));
}

TEST_F(Reference, Conv2dAddsBiasRowBiasAndResidual) {
  const Tensor x = tensor({2, 1, 1, 1}, {1, 2});
  const Weight kernel = weight(WeightUse::conv, {2, 1, 1, 1}, {1, -1});
  const Weight bias = weight(WeightUse::vector, {2}, {0.5F, 0.25F});
  const Tensor row_bias = tensor({2, 2}, {10, 20, 30, 40});
  const Tensor residual = tensor({2, 1, 1, 2}, {100, 200, 300, 400});
  EXPECT_THAT(
      values(ops::conv2d(x, kernel, {.bias = &bias, .row_bias = &row_bias, .residual = &residual})),
      ElementsAre(111.5F, 219.25F, 332.5F, 438.25F));
}

TEST_F(Reference, LinearMultipliesByTheTransposedWeight) {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const Weight matrix = weight(WeightUse::linear, {2, 3}, {1, 0, 0, 1, 1, 1});
  const Weight bias = weight(WeightUse::vector, {2}, {0.5F, -0.5F});
  EXPECT_THAT(values(ops::linear(x, matrix, {.bias = &bias})),
              ElementsAre(1.5F, 5.5F, 4.5F, 14.5F));
}

TEST_F(Reference, LinearAddsTheResidualAfterTheActivation) {
  const Tensor x = tensor({1, 1}, {-1});
  const Weight matrix = weight(WeightUse::linear, {1, 1}, {1});
  const Tensor residual = tensor({1, 1}, {2});
  EXPECT_THAT(
      values(ops::linear(x, matrix, {.residual = &residual, .activation = Activation::silu})),
      ElementsAre(FloatEq(2 - 1 / (1 + std::exp(1.0F)))));
}

TEST_F(Reference, GegluGatesTheFirstHalfByTheSecond) {
  // value = 3 x, gate = x; gelu(1) = 0.841344746.
  const Tensor x = tensor({1, 1}, {1});
  const Weight matrix = weight(WeightUse::geglu, {2, 1}, {3, 1});
  EXPECT_THAT(values(ops::linear_geglu(x, matrix)), ElementsAre(FloatNear(2.524034F, 1e-6F)));
}

TEST_F(Reference, GroupNormUsesEachSamplesGroups) {
  // Group 0 holds 1, 3 (mean 2, deviation 1), group 1 holds 0, 4 (mean 2, deviation 2).
  const Tensor x = tensor({1, 1, 2, 2}, {1, 0, 3, 4});
  const Weight gamma = weight(WeightUse::vector, {2}, {1, 10});
  const Weight beta = weight(WeightUse::vector, {2}, {0, 5});
  EXPECT_THAT(values(ops::group_norm(x, gamma, beta, {.groups = 2, .eps = 0})),
              ElementsAre(-1, -5, 1, 15));
  // One group: mean 2, variance (1 + 4 + 1 + 4) / 4 = 2.5.
  const float unit = 1 / std::sqrt(2.5F);
  EXPECT_THAT(values(ops::group_norm(x, gamma, beta, {.groups = 1, .eps = 0})),
              Pointwise(FloatEq(), {-unit, 5 - 20 * unit, unit, 5 + 20 * unit}));
}

TEST_F(Reference, GroupNormAppliesSiluLast) {
  const Tensor x = tensor({1, 1, 2, 1}, {1, 3});
  const Weight one = weight(WeightUse::vector, {1}, {1});
  const Weight zero = weight(WeightUse::vector, {1}, {0});
  EXPECT_THAT(values(ops::group_norm(x, one, zero, {.groups = 1, .eps = 0, .silu = true})),
              ElementsAre(FloatEq(-1 / (1 + std::exp(1.0F))), FloatEq(1 / (1 + std::exp(-1.0F)))));
}

TEST_F(Reference, LayerNormWorksPerRow) {
  const Tensor x = tensor({2, 2}, {1, 3, 10, 30});
  const Weight gamma = weight(WeightUse::vector, {2}, {1, 2});
  const Weight beta = weight(WeightUse::vector, {2}, {0, 1});
  EXPECT_THAT(values(ops::layer_norm(x, gamma, beta, {.eps = 0})), ElementsAre(-1, 3, -1, 3));
}

TEST_F(Reference, EpsIsAddedToTheVariance) {
  const Tensor x = tensor({1, 2}, {1, 3});
  const Weight one = weight(WeightUse::vector, {2}, {1, 1});
  const Weight zero = weight(WeightUse::vector, {2}, {0, 0});
  EXPECT_THAT(values(ops::layer_norm(x, one, zero, {.eps = 3})), ElementsAre(-0.5F, 0.5F));
}

TEST_F(Reference, AttentionAveragesValuesByMatch) {
  // One head of one channel, logits ln 3 and 0: weights 3/4 and 1/4.
  const Tensor q = tensor({1, 1, 1}, {1});
  const Tensor k = tensor({1, 2, 1}, {std::log(3.0F), 0});
  const Tensor v = tensor({1, 2, 1}, {8, 16});
  const auto [out, received] = ops::observed_attention(q, k, v);
  EXPECT_THAT(values(out), ElementsAre(FloatEq(10)));
  EXPECT_THAT(values(received), ElementsAre(FloatEq(0.75F), FloatEq(0.25F)));
}

TEST_F(Reference, AttentionKeepsHeadsApart) {
  // Equal keys in head 0 (weights 1/2, 1/2); head 1 as above (3/4, 1/4).
  const Tensor q = tensor({1, 1, 2}, {1, 1});
  const Tensor k = tensor({1, 2, 2}, {5, std::log(3.0F), 5, 0});
  const Tensor v = tensor({1, 2, 2}, {0, 8, 1, 16});
  const auto [out, received] = ops::observed_attention(q, k, v, {.heads = 2, .scale = 1});
  EXPECT_THAT(values(out), ElementsAre(FloatEq(0.5F), FloatEq(10)));
  // The mean over heads of (1/2, 1/2) and (3/4, 1/4).
  EXPECT_THAT(values(received), ElementsAre(FloatEq(0.625F), FloatEq(0.375F)));
}

TEST_F(Reference, AttentionScaleDefaultsToTheRootOfTheHeadSize) {
  // The product is 4 channels of 1 * ln 3 / 2, so 2 ln 3; times 1/sqrt(4) it is ln 3.
  const float half = std::log(3.0F) / 2;
  const Tensor q = tensor({1, 1, 4}, {1, 1, 1, 1});
  const Tensor k = tensor({1, 2, 4}, {half, half, half, half, 0, 0, 0, 0});
  const Tensor v = tensor({1, 2, 4}, {4, 4, 4, 4, 0, 0, 0, 0});
  EXPECT_THAT(values(ops::attention(q, k, v)), testing::Each(FloatEq(3)));
}

TEST_F(Reference, CausalAttentionSeesNoLaterKey) {
  const Tensor q = tensor({1, 2, 1}, {0, 0});
  const Tensor k = tensor({1, 2, 1}, {0, 0});
  const Tensor v = tensor({1, 2, 1}, {2, 4});
  const auto [out, received] = ops::observed_attention(q, k, v, {.causal = true});
  EXPECT_THAT(values(out), ElementsAre(2, 3));
  EXPECT_THAT(values(received), ElementsAre(1.5F, 0.5F));
}

TEST_F(Reference, UpsamplingTakesTheFloorAndConvolvesTheResult) {
  const Tensor x = tensor({1, 1, 3, 1}, {1, 2, 3});
  const Weight centre = weight(WeightUse::upsample_conv, {1, 1, 3, 3}, {0, 0, 0, 0, 1, 0, 0, 0, 0});
  // Columns floor(i * 3 / 5) = 0 0 1 1 2.
  EXPECT_THAT(values(ops::upsample_conv2d(x, centre, 1, 5)), ElementsAre(1, 1, 2, 2, 3));
  EXPECT_THAT(values(ops::upsample_conv2d(x, centre, 2, 2)), ElementsAre(1, 2, 1, 2));
  const Weight neighbours =
      weight(WeightUse::upsample_conv, {1, 1, 3, 3}, {0, 0, 0, 1, 0, 10, 0, 0, 0});
  EXPECT_THAT(values(ops::upsample_conv2d(x, neighbours, 1, 4)), ElementsAre(10, 21, 31, 2));
}

TEST_F(Reference, ConcatChannelsInterleavesRows) {
  const Tensor a = tensor({2, 1}, {1, 2});
  const Tensor b = tensor({2, 2}, {3, 4, 5, 6});
  EXPECT_THAT(values(ops::concat_channels(a, b)), ElementsAre(1, 3, 4, 2, 5, 6));
}

TEST_F(Reference, AxpbyCombines) {
  const Tensor x = tensor({2}, {1, 2});
  const Tensor y = tensor({2}, {10, 20});
  EXPECT_THAT(values(ops::axpby(2, x, -1, y)), ElementsAre(-8, -16));
  EXPECT_THAT(values(ops::add(x, y)), ElementsAre(11, 22));
}

TEST_F(Reference, ActivationsMatchTheirTables) {
  const Tensor x = tensor({3}, {-1, 0, 2});
  EXPECT_THAT(values(ops::activate(Activation::none, x)), ElementsAre(-1, 0, 2));
  EXPECT_THAT(values(ops::activate(Activation::silu, x)),
              ElementsAre(FloatNear(-0.26894143F, 1e-7F), 0, FloatNear(1.7615942F, 1e-6F)));
  EXPECT_THAT(values(ops::activate(Activation::gelu, x)),
              ElementsAre(FloatNear(-0.15865526F, 1e-7F), 0, FloatNear(1.9544997F, 1e-6F)));
  EXPECT_THAT(values(ops::activate(Activation::quick_gelu, x)),
              ElementsAre(FloatNear(-0.15420423F, 1e-7F), 0, FloatNear(1.9356586F, 1e-6F)));
}

}  // namespace
}  // namespace sagitta
