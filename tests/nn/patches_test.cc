#include "sagitta/nn/patches.h"

#include <gtest/gtest.h>

#include <string>

namespace sagitta {
namespace {

constexpr AttnSite kBlock{.stage = Stage::middle};
constexpr AttnSite kFirst{.stage = Stage::middle, .block = 0, .depth = 0};
constexpr AttnSite kSecond{.stage = Stage::middle, .block = 0, .depth = 1};

// Appends its name and goes on.
AttnFn noting(std::string name, std::string* log) {
  return [name = std::move(name), log](const AttnCall& call, const AttendFn& inner) {
    *log += name;
    return inner(call);
  };
}

std::string order_at(const Patches& patches, AttnKind kind, const AttnSite& at, std::string* log) {
  log->clear();
  const UnetPass pass;
  const AttnLayer layer{.kind = kind, .at = at, .grid = {}, .input = {}, .pass = pass};
  const Tensor result =
      patches.attend({.q = {}, .k = {}, .v = {}, .heads = 1, .layer = layer}, [&](const AttnCall&) {
        *log += "plain";
        return Tensor();
      });
  return *log;
}

TEST(Patches, LaterHooksStandAroundEarlierOnesAtTheirPlacesOnly) {
  std::string log;
  const Patches patches = Patches{}
                              .around_attn({.site = kFirst}, noting("first ", &log))
                              .around_attn({.site = kBlock}, noting("block ", &log))
                              .around_attn({.kind = AttnKind::cross}, noting("cross ", &log))
                              .around_attn({}, noting("all ", &log));
  EXPECT_EQ(order_at(patches, AttnKind::self, kFirst, &log), "all block first plain");
  EXPECT_EQ(order_at(patches, AttnKind::self, kSecond, &log), "all block plain");
  EXPECT_EQ(order_at(patches, AttnKind::self, {.stage = Stage::input}, &log), "all plain");
  EXPECT_EQ(order_at(patches, AttnKind::cross, kFirst, &log), "cross plain");
}

TEST(Patches, AReplacementLeavesOutWhatIsInside) {
  std::string log;
  const Patches patches =
      Patches{}
          .around_attn({}, noting("inside ", &log))
          .around_attn({}, [&](const AttnCall& call, const AttendFn&) { return call.v; })
          .around_attn({}, noting("outside ", &log));
  EXPECT_EQ(order_at(patches, AttnKind::self, kFirst, &log), "outside ");
}

TEST(Patches, AddingAHookLeavesTheOriginalAlone) {
  std::string log;
  const Patches plain;
  const Patches patched = plain.around_attn({}, noting("hook ", &log));
  EXPECT_EQ(order_at(plain, AttnKind::self, kFirst, &log), "plain");
  EXPECT_EQ(order_at(patched, AttnKind::self, kFirst, &log), "hook plain");
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
