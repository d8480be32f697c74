#include "sagitta/nn/patches.h"

#include <gtest/gtest.h>

namespace sagitta {
namespace {

constexpr AttnSite kBlock{.stage = Stage::middle};
constexpr AttnSite kFirst{.stage = Stage::middle, .block = 0, .depth = 0};
constexpr AttnSite kSecond{.stage = Stage::middle, .block = 0, .depth = 1};

AttnFn counting(int* calls) {
  return [calls](const AttnCall& call) {
    ++*calls;
    return call.v;
  };
}

int called_by(const Patches& patches, const AttnSite& at, int& calls) {
  const int before = calls;
  const Tensor nothing;
  const UnetPass pass;
  if (const AttnFn* fn = patches.self_attn(at)) {
    (*fn)({.q = nothing, .k = nothing, .v = nothing, .heads = 1, .at = at, .grid = {}, .pass = pass});
  }
  return calls - before;
}

TEST(Patches, ExactTransformerBeatsWholeBlockAndLaterBeatsEarlier) {
  int exact = 0;
  int block = 0;
  int late = 0;
  const Patches patches = Patches{}
                              .replace_self_attn(kFirst, counting(&exact))
                              .replace_self_attn(kBlock, counting(&block))
                              .replace_self_attn(kBlock, counting(&late));
  EXPECT_EQ(called_by(patches, kFirst, exact), 1);
  EXPECT_EQ(called_by(patches, kSecond, late), 1);
  EXPECT_EQ(block, 0);
  EXPECT_EQ(patches.self_attn({.stage = Stage::input, .block = 0, .depth = 0}), nullptr);
}

TEST(Patches, AddingAHookLeavesTheOriginalAlone) {
  int calls = 0;
  const Patches plain;
  const Patches patched = plain.replace_self_attn(kBlock, counting(&calls));
  EXPECT_EQ(plain.self_attn(kFirst), nullptr);
  EXPECT_NE(patched.self_attn(kFirst), nullptr);
}

TEST(Patches, ObserversSeeOnlyPassesThatHaveTheirRole) {
  const ReceivedFn fn = [](const ReceivedAttention&) {};
  const Patches patches =
      Patches{}.observe_received(kFirst, Role::uncond, fn).observe_received(kFirst, Role::uncond, fn);
  UnetPass pass;
  pass.rows = {{.role = Role::cond, .area = {}}, {.role = Role::degraded, .area = {}}};
  EXPECT_TRUE(patches.received(kFirst, pass).empty());
  pass.rows.push_back({.role = Role::uncond, .area = {}});
  EXPECT_EQ(patches.received(kFirst, pass).size(), 2U);
  EXPECT_TRUE(patches.received(kSecond, pass).empty());
}

TEST(RunScratch, KeepsOneStatePerHook) {
  RunScratch scratch;
  const HookId a = make_hook_id();
  const HookId b = make_hook_id();
  scratch.get<int>(a) = 3;
  EXPECT_EQ(scratch.get<int>(a), 3);
  EXPECT_EQ(scratch.get<int>(b), 0);
}

}  // namespace
}  // namespace sagitta
