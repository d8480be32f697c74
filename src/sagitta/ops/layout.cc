#include "sagitta/ops/layout.h"

#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/profiled_op.h"
#include "sagitta/ops/check.h"

namespace sagitta::ops {

Tensor concat_channels(const Tensor& a, const Tensor& b) {
  check_activation("concat_channels", "a", a);
  check_activation("concat_channels", "b", b, a.rank());
  Shape shape = a.shape();
  shape.back() = b.shape().back();
  check_like("concat_channels", "b", b, a, shape);
  shape.back() += a.shape().back();

  Tensor out(a.device(), shape);
  const ProfiledOp op(a.device(), OpKind::layout);
  a.device().kernels().concat_channels(a, b, out);
  return out;
}

}  // namespace sagitta::ops
