#include "sagitta/ops/layout.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/ops/check.h"

namespace sagitta::ops {

Tensor resize_nearest(const Tensor& x, std::int64_t height, std::int64_t width) {
  check_activation("resize_nearest", "x", x, 4);
  require(height >= 1 && width >= 1, Fault::bad_input,
          "resize_nearest: the target is {}x{}, expected at least 1x1", height, width);
  Tensor out(x.device(), {x.dim(0), height, width, x.dim(3)});
  const ProfiledOp op(x.device().profile(), OpKind::layout);
  x.device().kernels().resize_nearest(x, out);
  return out;
}

Tensor concat_channels(const Tensor& a, const Tensor& b) {
  check_activation("concat_channels", "a", a);
  check_activation("concat_channels", "b", b, a.rank());
  Shape shape = a.shape();
  shape.back() = b.shape().back();
  check_like("concat_channels", "b", b, a, shape);
  shape.back() += a.shape().back();

  Tensor out(a.device(), shape);
  const ProfiledOp op(a.device().profile(), OpKind::layout);
  a.device().kernels().concat_channels(a, b, out);
  return out;
}

}  // namespace sagitta::ops
