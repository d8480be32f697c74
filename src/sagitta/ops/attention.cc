#include "sagitta/ops/attention.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/profiled_op.h"
#include "sagitta/ops/check.h"

#include <cmath>
#include <utility>

namespace sagitta::ops {
namespace {

Tensor run(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options,
           Tensor* received) {
  Tensor out(q.device(), q.shape());
  const auto dim = static_cast<float>(q.dim(2) / options.heads);
  const double logits = static_cast<double>(q.size()) * static_cast<double>(k.dim(1));
  const ProfiledOp op(q.device(), OpKind::attention, 4.0 * logits);
  q.device().kernels().attention({.q = q,
                                  .k = k,
                                  .v = v,
                                  .heads = options.heads,
                                  .scale = options.scale.value_or(1 / std::sqrt(dim)),
                                  .causal = options.causal,
                                  .received = received},
                                 out);
  return out;
}

void check(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  check_activation("attention", "q", q, 3);
  check_activation("attention", "k", k, 3);
  check_like("attention", "k", k, q, {q.dim(0), k.dim(1), q.dim(2)});
  check_like("attention", "v", v, q, k.shape());
  require(options.heads >= 1 && q.dim(2) % options.heads == 0, Fault::bad_input,
          "attention: {} channels cannot be split into {} heads", q.dim(2), options.heads);
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v,
                 const AttentionOptions& options) {
  check(q, k, v, options);
  return run(q, k, v, options, nullptr);
}

ObservedAttention observed_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                     const AttentionOptions& options) {
  check(q, k, v, options);
  Tensor received(q.device(), {k.dim(0), k.dim(1)}, DType::f32);
  Tensor out = run(q, k, v, options, &received);
  return {.out = std::move(out), .received = std::move(received)};
}

}  // namespace sagitta::ops
