#include "sagitta/ops/conv2d.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/profiled_op.h"
#include "sagitta/ops/check.h"

#include <string_view>

namespace sagitta::ops {
namespace {

void check_channels(std::string_view op, const Tensor& x, const Weight& weight) {
  require(x.dim(3) == weight.shape[1], Fault::bad_input,
          "{}: x of shape {} has {} channels, but the weight of shape {} wants {}", op,
          to_string(x.shape()), x.dim(3), to_string(weight.shape), weight.shape[1]);
}

double flops_of(const Tensor& out, const Weight& weight) {
  const double taps = static_cast<double>(weight.shape[1] * weight.shape[2] * weight.shape[3]);
  return 2.0 * taps * static_cast<double>(out.size());
}

}  // namespace

Tensor conv2d(const Tensor& x, const Weight& weight, const Conv2dOptions& options) {
  check_activation("conv2d", "x", x, 4);
  check_weight("conv2d", "weight", weight, x, WeightUse::conv);
  check_channels("conv2d", x, weight);
  require(options.stride >= 1, Fault::bad_input, "conv2d: stride is {}, expected at least 1",
          options.stride);
  require(options.pad_before >= 0 && options.pad_after >= 0, Fault::bad_input,
          "conv2d: padding is {} before and {} after, expected at least 0", options.pad_before,
          options.pad_after);

  const std::int64_t padding = std::int64_t{options.pad_before} + options.pad_after;
  const std::int64_t room_y = x.dim(1) + padding - weight.shape[2];
  const std::int64_t room_x = x.dim(2) + padding - weight.shape[3];
  require(room_y >= 0 && room_x >= 0, Fault::bad_input,
          "conv2d: x of shape {} with {} rows and columns of padding is smaller than the kernel, "
          "{}x{}",
          to_string(x.shape()), padding, weight.shape[2], weight.shape[3]);
  const std::int64_t channels = weight.shape[0];
  const Shape shape{x.dim(0), room_y / options.stride + 1, room_x / options.stride + 1, channels};

  if (options.bias != nullptr) check_vector("conv2d", "bias", *options.bias, x, channels);
  if (options.row_bias != nullptr) {
    check_like("conv2d", "row_bias", *options.row_bias, x, {x.dim(0), channels});
  }
  if (options.residual != nullptr) check_like("conv2d", "residual", *options.residual, x, shape);

  Tensor out(x.device(), shape);
  const ProfiledOp op(
      x.device(), weight.shape[2] == 1 && weight.shape[3] == 1 ? OpKind::conv1x1 : OpKind::conv3x3,
      flops_of(out, weight));
  x.device().kernels().conv2d({.x = x,
                               .weight = weight,
                               .bias = options.bias,
                               .row_bias = options.row_bias,
                               .residual = options.residual,
                               .stride = options.stride,
                               .pad_before = options.pad_before,
                               .pad_after = options.pad_after},
                              out);
  return out;
}

Tensor upsample_conv2d(const Tensor& x, const Weight& weight, std::int64_t height,
                       std::int64_t width, const Weight* bias) {
  check_activation("upsample_conv2d", "x", x, 4);
  check_weight("upsample_conv2d", "weight", weight, x, WeightUse::upsample_conv);
  check_channels("upsample_conv2d", x, weight);
  require(weight.shape[2] == 3 && weight.shape[3] == 3, Fault::bad_input,
          "upsample_conv2d: the weight of shape {} is not 3x3", to_string(weight.shape));
  require(height >= 1 && width >= 1, Fault::bad_input,
          "upsample_conv2d: the target is {}x{}, expected at least 1x1", height, width);
  const std::int64_t channels = weight.shape[0];
  if (bias != nullptr) check_vector("upsample_conv2d", "bias", *bias, x, channels);

  Tensor out(x.device(), {x.dim(0), height, width, channels});
  // Counted as if it were done on the enlarged picture, so that rates compare.
  const ProfiledOp op(x.device(), OpKind::conv3x3, flops_of(out, weight));
  x.device().kernels().upsample_conv2d({.x = x, .weight = weight, .bias = bias}, out);
  return out;
}

}  // namespace sagitta::ops
