#include "sagitta/ops/linear.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/profiled_op.h"
#include "sagitta/ops/check.h"

#include <string_view>

namespace sagitta::ops {
namespace {

void check_features(std::string_view op, const Tensor& x, const Weight& weight) {
  require(x.shape().back() == weight.shape[1], Fault::bad_input,
          "{}: x of shape {} has {} features, but the weight of shape {} wants {}", op,
          to_string(x.shape()), x.shape().back(), to_string(weight.shape), weight.shape[1]);
}

// A weight and its bias, by their names.
struct Gated {
  std::string_view weight_name;
  const Weight& weight;
  std::string_view bias_name;
  const Weight* bias;
};

void check_gated(std::string_view op, const Tensor& x, const Gated& gated) {
  const Weight& weight = gated.weight;
  check_weight(op, gated.weight_name, weight, x, WeightUse::geglu);
  check_features(op, x, weight);
  require(weight.shape[0] % 2 == 0, Fault::bad_input,
          "{}: {} of shape {} has an odd number of rows", op, gated.weight_name,
          to_string(weight.shape));
  if (gated.bias != nullptr) check_vector(op, gated.bias_name, *gated.bias, x, weight.shape[0]);
}

double product_flops(std::int64_t rows, const Weight& weight) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(weight.shape[0]) *
         static_cast<double>(weight.shape[1]);
}

std::int64_t rows_of(const Tensor& x) { return x.size() / x.shape().back(); }

Shape with_features(Shape shape, std::int64_t features) {
  shape.back() = features;
  return shape;
}

}  // namespace

Tensor linear(const Tensor& x, const Weight& weight, const LinearOptions& options) {
  check_activation("linear", "x", x);
  check_weight("linear", "weight", weight, x, WeightUse::linear);
  check_features("linear", x, weight);
  const Shape shape = with_features(x.shape(), weight.shape[0]);
  if (options.bias != nullptr) check_vector("linear", "bias", *options.bias, x, shape.back());
  if (options.residual != nullptr) check_like("linear", "residual", *options.residual, x, shape);

  Tensor out(x.device(), shape);
  const ProfiledOp op(x.device(), OpKind::linear, product_flops(rows_of(x), weight));
  x.device().kernels().linear({.x = x,
                               .weight = weight,
                               .bias = options.bias,
                               .residual = options.residual,
                               .activation = options.activation},
                              out);
  return out;
}

Tensor linear_geglu(const Tensor& x, const Weight& weight, const GegluOptions& options) {
  check_activation("linear_geglu", "x", x);
  check_gated("linear_geglu", x, {"weight", weight, "bias", options.bias});

  Tensor out(x.device(), with_features(x.shape(), weight.shape[0] / 2));
  const ProfiledOp op(x.device(), OpKind::linear, product_flops(rows_of(x), weight));
  x.device().kernels().linear_geglu({.x = x, .weight = weight, .bias = options.bias}, out);
  return out;
}

Tensor feed_forward(const Tensor& x, const Weight& gated, const Weight& weight,
                    const FeedForwardOptions& options) {
  check_activation("feed_forward", "x", x);
  check_gated("feed_forward", x, {"gated", gated, "gated_bias", options.gated_bias});
  check_weight("feed_forward", "weight", weight, x, WeightUse::linear);
  require(weight.shape[1] == gated.shape[0] / 2, Fault::bad_input,
          "feed_forward: gated of shape {} gives {} values, but weight of shape {} wants {}",
          to_string(gated.shape), gated.shape[0] / 2, to_string(weight.shape), weight.shape[1]);
  const Shape shape = with_features(x.shape(), weight.shape[0]);
  if (options.bias != nullptr) check_vector("feed_forward", "bias", *options.bias, x, shape.back());
  if (options.residual != nullptr) {
    check_like("feed_forward", "residual", *options.residual, x, shape);
  }

  Tensor out(x.device(), shape);
  const ProfiledOp op(x.device(), OpKind::linear,
                      product_flops(rows_of(x), gated) + product_flops(rows_of(x), weight));
  x.device().kernels().feed_forward({.x = x,
                                     .gated = gated,
                                     .weight = weight,
                                     .gated_bias = options.gated_bias,
                                     .bias = options.bias,
                                     .residual = options.residual},
                                    out);
  return out;
}

}  // namespace sagitta::ops
