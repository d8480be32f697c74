#include "sagitta/nn/attention.h"

#include "sagitta/ops/attention.h"
#include "sagitta/ops/elementwise.h"

namespace sagitta {
namespace {

// Softmax attention inside its hooks, and seen by its observers.
Tensor attend(const AttnCall& call, const Patches& patches) {
  const AttnLayer& layer = call.layer;
  Tensor observed_out;
  if (layer.kind == AttnKind::self) {
    const auto observers = patches.received(layer.at, layer.pass);
    if (!observers.empty()) {
      const ops::ObservedAttention observed =
          ops::observed_attention(call.q, call.k, call.v, {.heads = call.heads});
      observed_out = observed.out;
      const Array values = download(observed.received);
      for (const ReceivedFn* observe : observers) {
        (*observe)({.values = values, .at = layer.at, .grid = layer.grid, .pass = layer.pass});
      }
    }
  }
  return patches.attend(call, [&](const AttnCall& inner) {
    const bool untouched = &inner == &call;
    return untouched && observed_out
               ? observed_out
               : ops::attention(inner.q, inner.k, inner.v, {.heads = inner.heads});
  });
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
  return run(x, x, residual, AttnKind::self, ctx);
}

Tensor Attention::cross(const Tensor& x, const Tensor& context, const Tensor& residual,
                        const AttnContext& ctx) const {
  return run(x, context, residual, AttnKind::cross, ctx);
}

Tensor Attention::run(const Tensor& x, const Tensor& context, const Tensor& residual, AttnKind kind,
                      const AttnContext& ctx) const {
  const AttnLayer layer{
      .kind = kind, .at = ctx.at, .grid = ctx.grid, .input = ctx.input, .pass = ctx.pass};
  const AttnCall call{
      .q = to_q(x), .k = to_k(context), .v = to_v(context), .heads = heads, .layer = layer};
  const Tensor mixed = attend(call, ctx.patches);
  if (!ctx.patches.changes_attn_output(layer)) return to_out(mixed, {.residual = &residual});
  return ops::add(ctx.patches.attn_output(to_out(mixed), layer), residual);
}

}  // namespace sagitta
