#include "sagitta/ops/norm.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/profiled_op.h"
#include "sagitta/ops/check.h"

namespace sagitta::ops {

Tensor group_norm(const Tensor& x, const Weight& gamma, const Weight& beta,
                  const GroupNormOptions& options) {
  check_activation("group_norm", "x", x, 4);
  const std::int64_t channels = x.dim(3);
  check_vector("group_norm", "gamma", gamma, x, channels);
  check_vector("group_norm", "beta", beta, x, channels);
  require(options.groups >= 1 && channels % options.groups == 0, Fault::bad_input,
          "group_norm: {} channels cannot be split into {} groups", channels, options.groups);
  require(options.eps >= 0, Fault::bad_input, "group_norm: eps is {}, expected at least 0",
          options.eps);

  Tensor out(x.device(), x.shape());
  const ProfiledOp op(x.device(), OpKind::norm);
  x.device().kernels().group_norm({.x = x,
                                   .gamma = gamma,
                                   .beta = beta,
                                   .groups = options.groups,
                                   .eps = options.eps,
                                   .silu = options.silu},
                                  out);
  return out;
}

Tensor layer_norm(const Tensor& x, const Weight& gamma, const Weight& beta,
                  const LayerNormOptions& options) {
  check_activation("layer_norm", "x", x);
  check_vector("layer_norm", "gamma", gamma, x, x.shape().back());
  check_vector("layer_norm", "beta", beta, x, x.shape().back());
  require(options.eps >= 0, Fault::bad_input, "layer_norm: eps is {}, expected at least 0",
          options.eps);

  Tensor out(x.device(), x.shape());
  const ProfiledOp op(x.device(), OpKind::norm);
  x.device().kernels().layer_norm({.x = x, .gamma = gamma, .beta = beta, .eps = options.eps}, out);
  return out;
}

}  // namespace sagitta::ops
