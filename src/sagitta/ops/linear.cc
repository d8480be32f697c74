#include "sagitta/ops/linear.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/ops/check.h"

#include <algorithm>
#include <string_view>

namespace sagitta::ops {
namespace {

// Rows of a block of feed_forward(): enough that reading the weights again costs little.
constexpr std::int64_t kBlockRows = 1024;

void check_features(std::string_view op, const Shape& x, const Weight& weight) {
  require(x.back() == weight.shape[1], Fault::bad_input,
          "{}: x of shape {} has {} features, but the weight of shape {} wants {}", op,
          to_string(x), x.back(), to_string(weight.shape), weight.shape[1]);
}

void check_gated(std::string_view op, const Tensor& x, const Weight& weight, const Weight* bias) {
  check_weight(op, "weight", weight, x, WeightUse::geglu);
  check_features(op, x.shape(), weight);
  require(weight.shape[0] % 2 == 0, Fault::bad_input,
          "{}: the weight of shape {} has an odd number of rows", op, to_string(weight.shape));
  if (bias != nullptr) check_vector(op, "bias", *bias, x, weight.shape[0]);
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
  check_features("linear", x.shape(), weight);
  const Shape shape = with_features(x.shape(), weight.shape[0]);
  if (options.bias != nullptr) check_vector("linear", "bias", *options.bias, x, shape.back());
  if (options.residual != nullptr) check_like("linear", "residual", *options.residual, x, shape);

  Tensor out(x.device(), shape);
  const ProfiledOp op(x.device().profile(), OpKind::linear, product_flops(rows_of(x), weight));
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
  check_gated("linear_geglu", x, weight, options.bias);

  Tensor out(x.device(), with_features(x.shape(), weight.shape[0] / 2));
  const ProfiledOp op(x.device().profile(), OpKind::linear, product_flops(rows_of(x), weight));
  x.device().kernels().linear_geglu({.x = x, .weight = weight, .bias = options.bias}, out);
  return out;
}

Tensor feed_forward(const Tensor& x, const Weight& gated, const Weight& weight,
                    const FeedForwardOptions& options) {
  check_activation("feed_forward", "x", x);
  check_gated("feed_forward", x, gated, options.gated_bias);
  check_weight("feed_forward", "weight", weight, x, WeightUse::linear);
  const std::int64_t inner = gated.shape[0] / 2;
  check_features("feed_forward", with_features(x.shape(), inner), weight);
  const Shape shape = with_features(x.shape(), weight.shape[0]);
  if (options.bias != nullptr) check_vector("feed_forward", "bias", *options.bias, x, shape.back());
  if (options.residual != nullptr) {
    check_like("feed_forward", "residual", *options.residual, x, shape);
  }

  Device& device = x.device();
  const std::int64_t rows = rows_of(x);
  const Tensor all = x.reshaped({rows, x.shape().back()});
  const Tensor residual =
      options.residual == nullptr ? Tensor() : options.residual->reshaped({rows, shape.back()});
  Tensor out(device, {rows, shape.back()});
  const ProfiledOp op(device.profile(), OpKind::linear,
                      product_flops(rows, gated) + product_flops(rows, weight));
  for (std::int64_t row = 0; row < rows; row += kBlockRows) {
    const std::int64_t count = std::min(kBlockRows, rows - row);
    Tensor values(device, {count, inner});
    device.kernels().linear_geglu(
        {.x = all.slice(row, count), .weight = gated, .bias = options.gated_bias}, values);
    const Tensor added = residual ? residual.slice(row, count) : Tensor();
    Tensor part = out.slice(row, count);
    device.kernels().linear({.x = values,
                             .weight = weight,
                             .bias = options.bias,
                             .residual = residual ? &added : nullptr},
                            part);
  }
  return out.reshaped(shape);
}

}  // namespace sagitta::ops
