#include "sagitta/nn/layers.h"

#include "sagitta/ops/conv2d.h"
#include "sagitta/ops/linear.h"
#include "sagitta/ops/norm.h"

namespace sagitta {
namespace {

Param vector(std::int64_t size) { return {.shape = {size}, .use = WeightUse::vector, .value = {}}; }

constexpr int kNormGroups = 32;

}  // namespace

Linear::Linear(std::int64_t in, std::int64_t out, bool with_bias)
    : weight{.shape = {out, in}, .use = WeightUse::linear, .value = {}} {
  if (with_bias) bias = vector(out);
}

Tensor Linear::operator()(const Tensor& x, const LinearCall& call) const {
  return ops::linear(x, weight.value,
                     {.bias = bias ? &bias->value : nullptr,
                      .residual = call.residual,
                      .activation = call.activation});
}

void Linear::params(ParamVisitor& visit) {
  visit("weight", weight);
  if (bias) visit("bias", *bias);
}

FeedForward::FeedForward(std::int64_t width, std::int64_t inner)
    : gated{.shape = {2 * inner, width}, .use = WeightUse::geglu, .value = {}},
      gated_bias(vector(2 * inner)),
      out(inner, width) {}

Tensor FeedForward::operator()(const Tensor& x, const Tensor& residual) const {
  return ops::feed_forward(
      x, gated.value, out.weight.value,
      {.gated_bias = &gated_bias.value, .bias = &out.bias->value, .residual = &residual});
}

void FeedForward::params(ParamVisitor& visit) {
  visit("net.0.proj.weight", gated);
  visit("net.0.proj.bias", gated_bias);
  visit("net.2", out);
}

Conv3x3::Conv3x3(std::int64_t in, std::int64_t out, Kind how, bool with_bias)
    : weight{.shape = {out, in, 3, 3}, .use = WeightUse::conv, .value = {}}, kind(how) {
  if (with_bias) bias = vector(out);
}

Tensor Conv3x3::operator()(const Tensor& x, const ConvCall& call) const {
  return ops::conv2d(x, weight.value,
                     {.bias = bias ? &bias->value : nullptr,
                      .row_bias = call.row_bias,
                      .residual = call.residual,
                      .stride = kind == Kind::same ? 1 : 2,
                      .pad_before = kind == Kind::halve_asymmetric ? 0 : 1,
                      .pad_after = 1});
}

void Conv3x3::params(ParamVisitor& visit) {
  visit("weight", weight);
  if (bias) visit("bias", *bias);
}

UpsampleConv::UpsampleConv(std::int64_t channels, bool with_bias)
    : weight{.shape = {channels, channels, 3, 3}, .use = WeightUse::upsample_conv, .value = {}} {
  if (with_bias) bias = vector(channels);
}

Tensor UpsampleConv::operator()(const Tensor& x, std::int64_t height, std::int64_t width) const {
  return ops::upsample_conv2d(x, weight.value, height, width, bias ? &bias->value : nullptr);
}

void UpsampleConv::params(ParamVisitor& visit) {
  visit("weight", weight);
  if (bias) visit("bias", *bias);
}

GroupNorm::GroupNorm(std::int64_t channels, float epsilon)
    : weight(vector(channels)), bias(vector(channels)), eps(epsilon) {}

Tensor GroupNorm::operator()(const Tensor& x, bool silu) const {
  return ops::group_norm(x, weight.value, bias.value,
                         {.groups = kNormGroups, .eps = eps, .silu = silu});
}

void GroupNorm::params(ParamVisitor& visit) {
  visit("weight", weight);
  visit("bias", bias);
}

LayerNorm::LayerNorm(std::int64_t width) : weight(vector(width)), bias(vector(width)) {}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return ops::layer_norm(x, weight.value, bias.value);
}

void LayerNorm::params(ParamVisitor& visit) {
  visit("weight", weight);
  visit("bias", bias);
}

}  // namespace sagitta
