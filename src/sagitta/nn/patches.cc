#include "sagitta/nn/patches.h"

#include <algorithm>
#include <utility>

namespace sagitta {
namespace {

bool covers(const AttnSite& hook, const AttnSite& at) {
  return hook.stage == at.stage && hook.block == at.block &&
         (hook.depth == AttnSite::kAnyDepth || hook.depth == at.depth);
}

}  // namespace

Patches Patches::replace_self_attn(AttnSite site, AttnFn fn) const {
  Patches next = *this;
  next.self_attn_.push_back({site, std::move(fn)});
  return next;
}

Patches Patches::observe_received(AttnSite site, Role role, ReceivedFn fn) const {
  Patches next = *this;
  next.observers_.push_back({site, role, std::move(fn)});
  return next;
}

const AttnFn* Patches::self_attn(const AttnSite& at) const {
  const AttnFn* whole_block = nullptr;
  for (auto it = self_attn_.rbegin(); it != self_attn_.rend(); ++it) {
    if (it->site == at) return &it->fn;
    if (whole_block == nullptr && covers(it->site, at)) whole_block = &it->fn;
  }
  return whole_block;
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

}  // namespace sagitta
