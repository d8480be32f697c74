#include "sagitta/nn/patches.h"

#include <algorithm>
#include <span>
#include <utility>

namespace sagitta {
namespace {

bool covers(const AttnSite& hook, const AttnSite& at) {
  return hook.stage == at.stage && hook.block == at.block &&
         (hook.depth == AttnSite::kAnyDepth || hook.depth == at.depth);
}

bool covers(const AttnPlace& place, const AttnLayer& layer) {
  return place.kind == layer.kind && (!place.site || covers(*place.site, layer.at));
}

// The hooks from the outermost, which is the last, to the plain attention.
Tensor attend_inwards(std::span<const AttnFn* const> hooks, const AttnCall& call,
                      const AttendFn& plain) {
  if (hooks.empty()) return plain(call);
  return (*hooks.back())(call, [&](const AttnCall& inner) {
    return attend_inwards(hooks.first(hooks.size() - 1), inner, plain);
  });
}

Tensor run(const std::vector<InputBlockFn>& hooks, Tensor h, const UnetBlock& block) {
  for (const InputBlockFn& fn : hooks) h = fn(h, block);
  return h;
}

}  // namespace

Patches Patches::around_attn(AttnPlace place, AttnFn fn) const {
  Patches next = *this;
  next.around_.push_back({place, std::move(fn)});
  return next;
}

Patches Patches::change_attn_output(AttnPlace place, AttnOutputFn fn) const {
  Patches next = *this;
  next.outputs_.push_back({place, std::move(fn)});
  return next;
}

Patches Patches::observe_received(AttnSite site, Role role, ReceivedFn fn) const {
  Patches next = *this;
  next.observers_.push_back({site, role, std::move(fn)});
  return next;
}

Patches Patches::change_input_block(InputBlockFn fn) const {
  Patches next = *this;
  next.input_blocks_.push_back(std::move(fn));
  return next;
}

Patches Patches::change_input_block_after_skip(InputBlockFn fn) const {
  Patches next = *this;
  next.input_blocks_after_skip_.push_back(std::move(fn));
  return next;
}

Patches Patches::change_output_block(OutputBlockFn fn) const {
  Patches next = *this;
  next.output_blocks_.push_back(std::move(fn));
  return next;
}

Tensor Patches::attend(const AttnCall& call, const AttendFn& plain) const {
  std::vector<const AttnFn*> here;
  for (const Placed<AttnFn>& hook : around_) {
    if (covers(hook.place, call.layer)) here.push_back(&hook.fn);
  }
  return attend_inwards(here, call, plain);
}

bool Patches::changes_attn_output(const AttnLayer& layer) const {
  return std::any_of(outputs_.begin(), outputs_.end(),
                     [&](const Placed<AttnOutputFn>& hook) { return covers(hook.place, layer); });
}

Tensor Patches::attn_output(Tensor out, const AttnLayer& layer) const {
  for (const Placed<AttnOutputFn>& hook : outputs_) {
    if (covers(hook.place, layer)) out = hook.fn(out, layer);
  }
  return out;
}

std::vector<const ReceivedFn*> Patches::received(const AttnSite& at, const UnetPass& pass) const {
  std::vector<const ReceivedFn*> wanted;
  for (const Observer& observer : observers_) {
    const bool has_role = std::any_of(pass.rows.begin(), pass.rows.end(),
                                      [&](const Row& row) { return row.role == observer.role; });
    if (has_role && covers(observer.site, at)) wanted.push_back(&observer.fn);
  }
  return wanted;
}

Tensor Patches::input_block(Tensor h, const UnetBlock& block) const {
  return run(input_blocks_, std::move(h), block);
}

Tensor Patches::input_block_after_skip(Tensor h, const UnetBlock& block) const {
  return run(input_blocks_after_skip_, std::move(h), block);
}

BlockJoin Patches::output_block(BlockJoin join, const UnetBlock& block) const {
  for (const OutputBlockFn& fn : output_blocks_) join = fn(std::move(join), block);
  return join;
}

}  // namespace sagitta
