#include "sagitta/nn/attention.h"

#include "sagitta/ops/attention.h"

namespace sagitta {
namespace {

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, int heads,
              const AttnContext& ctx) {
  const auto observers = ctx.patches.received(ctx.at, ctx.pass);
  const AttnFn* replacement = ctx.patches.self_attn(ctx.at);
  Tensor out;
  if (!observers.empty()) {
    const ops::ObservedAttention observed = ops::observed_attention(q, k, v, {.heads = heads});
    out = observed.out;
    const Array values = download(observed.received);
    for (const ReceivedFn* observe : observers) {
      (*observe)({.values = values, .at = ctx.at, .grid = ctx.grid, .pass = ctx.pass});
    }
  }
  if (replacement != nullptr) {
    return (*replacement)(
        {.q = q, .k = k, .v = v, .heads = heads, .at = ctx.at, .grid = ctx.grid, .pass = ctx.pass});
  }
  return out ? out : ops::attention(q, k, v, {.heads = heads});
}

}  // namespace

Attention::Attention(std::int64_t width, std::int64_t context, int head_count)
    : to_q(width, width, false),
      to_k(context, width, false),
      to_v(context, width, false),
      to_out(width, width),
      heads(head_count) {}

void Attention::params(ParamVisitor& visit) {
  visit("to_q", to_q);
  visit("to_k", to_k);
  visit("to_v", to_v);
  visit("to_out.0", to_out);
}

Tensor Attention::self(const Tensor& x, const Tensor& residual, const AttnContext& ctx) const {
  const Tensor mixed = attend(to_q(x), to_k(x), to_v(x), heads, ctx);
  return to_out(mixed, {.residual = &residual});
}

Tensor Attention::cross(const Tensor& x, const Tensor& context, const Tensor& residual) const {
  const Tensor mixed = ops::attention(to_q(x), to_k(context), to_v(context), {.heads = heads});
  return to_out(mixed, {.residual = &residual});
}

}  // namespace sagitta
