#include "sagitta/ops/linear.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/ops/check.h"

#include <string_view>

namespace sagitta::ops {
namespace {

void check_features(std::string_view op, const Tensor& x, const Weight& weight) {
  require(x.shape().back() == weight.shape[1], Fault::bad_input,
          "{}: x of shape {} has {} features, but the weight of shape {} wants {}", op,
          to_string(x.shape()), x.shape().back(), to_string(weight.shape), weight.shape[1]);
}

double product_flops(const Tensor& x, const Weight& weight) {
  return 2.0 * static_cast<double>(x.size()) * static_cast<double>(weight.shape[0]);
}

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
  const ProfiledOp op(x.device().profile(), OpKind::linear, product_flops(x, weight));
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
  check_weight("linear_geglu", "weight", weight, x, WeightUse::geglu);
  check_features("linear_geglu", x, weight);
  require(weight.shape[0] % 2 == 0, Fault::bad_input,
          "linear_geglu: the weight of shape {} has an odd number of rows",
          to_string(weight.shape));
  if (options.bias != nullptr) {
    check_vector("linear_geglu", "bias", *options.bias, x, weight.shape[0]);
  }

  Tensor out(x.device(), with_features(x.shape(), weight.shape[0] / 2));
  const ProfiledOp op(x.device().profile(), OpKind::linear, product_flops(x, weight));
  x.device().kernels().linear_geglu({.x = x, .weight = weight, .bias = options.bias}, out);
  return out;
}

}  // namespace sagitta::ops
