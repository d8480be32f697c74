#include "sagitta/ops/elementwise.h"

#include "sagitta/core/device.h"
#include "sagitta/core/profiled_op.h"
#include "sagitta/ops/check.h"

namespace sagitta::ops {

Tensor axpby(float a, const Tensor& x, float b, const Tensor& y) {
  check_activation("axpby", "x", x);
  check_like("axpby", "y", y, x, x.shape());
  Tensor out(x.device(), x.shape());
  const ProfiledOp op(x.device(), OpKind::elementwise);
  x.device().kernels().axpby(a, x, b, y, out);
  return out;
}

Tensor add(const Tensor& x, const Tensor& y) { return axpby(1, x, 1, y); }

Tensor activate(Activation activation, const Tensor& x) {
  check_activation("activate", "x", x);
  Tensor out(x.device(), x.shape());
  const ProfiledOp op(x.device(), OpKind::elementwise);
  x.device().kernels().activate(activation, x, out);
  return out;
}

}  // namespace sagitta::ops
