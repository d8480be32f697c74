#include "nodes/node_runner.h"

namespace sagitta::nodes {
namespace {

class ConditioningPairsTest : public test::NodeRunner {
 protected:
  static Conditioning prompt(float value) {
    return {{.context = std::make_shared<const Array>(Shape{1, 2, 3}, value),
             .pooled = std::make_shared<const Array>(Shape{1, 3}, value)}};
  }
  std::vector<Conditioning> conditionings(const std::string& id, const Json& literals,
                                          test::Links links) {
    std::vector<Conditioning> results;
    for (const std::any& value : run(id, literals, std::move(links))) {
      results.push_back(std::any_cast<Conditioning>(value));
    }
    return results;
  }
};

TEST_F(ConditioningPairsTest, BindsToAMaskAndARange) {
  const auto ranges =
      run("ConditioningTimestepsRange", {{"start_percent", 0.25}, {"end_percent", 0.5}});
  const Array mask({1, 4, 4}, 1);
  const auto bound = conditionings("PairConditioningSetProperties",
                                   {{"strength", 0.5}, {"set_cond_area", "mask bounds"}},
                                   {{"positive_NEW", prompt(1)},
                                    {"negative_NEW", prompt(2)},
                                    {"mask", mask},
                                    {"timesteps", ranges.at(0)}});
  ASSERT_EQ(bound.size(), 2U);
  for (const Conditioning& one : bound) {
    EXPECT_EQ(one[0].mask_strength, 0.5F);
    EXPECT_EQ(one[0].strength, 1);
    EXPECT_TRUE(one[0].mask_bounds);
    EXPECT_EQ(one[0].start_percent, 0.25);
    EXPECT_EQ(one[0].end_percent, 0.5);
  }
  EXPECT_EQ((*bound[1][0].context)[0], 2);
}

TEST_F(ConditioningPairsTest, RangesBeforeAndBehindMeetTheOneBetween) {
  const auto ranges =
      run("ConditioningTimestepsRange", {{"start_percent", 0.25}, {"end_percent", 0.5}});
  const std::pair<double, double> wanted[] = {{0.25, 0.5}, {0, 0.25}, {0.5, 1}};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto one = conditionings("ConditioningSetProperties", Json::object(),
                                   {{"cond_NEW", prompt(1)}, {"timesteps", ranges.at(i)}});
    EXPECT_EQ(std::pair(one[0][0].start_percent, one[0][0].end_percent), wanted[i]);
  }
}

TEST_F(ConditioningPairsTest, WithoutAMaskTheStrengthSaysNothing) {
  const auto one =
      conditionings("ConditioningSetProperties", {{"strength", 0.5}}, {{"cond_NEW", prompt(1)}});
  EXPECT_EQ(one[0][0].mask, nullptr);
  EXPECT_EQ(one[0][0].strength, 1);
  EXPECT_EQ(one[0][0].mask_strength, 1);
}

TEST_F(ConditioningPairsTest, CombinesInOrder) {
  const auto pair = conditionings("PairConditioningCombine", Json::object(),
                                  {{"positive_A", prompt(1)},
                                   {"negative_A", prompt(2)},
                                   {"positive_B", prompt(3)},
                                   {"negative_B", prompt(4)}});
  ASSERT_EQ(pair.size(), 2U);
  ASSERT_EQ(pair[0].size(), 2U);
  EXPECT_EQ((*pair[0][0].context)[0], 1);
  EXPECT_EQ((*pair[0][1].context)[0], 3);
  EXPECT_EQ((*pair[1][1].context)[0], 4);
}

TEST_F(ConditioningPairsTest, DefaultsActElsewhereAndTheOthersDoNot) {
  const auto all = conditionings("ConditioningSetDefaultCombine", Json::object(),
                                 {{"cond", prompt(1)}, {"cond_DEFAULT", prompt(2)}});
  ASSERT_EQ(all[0].size(), 2U);
  EXPECT_FALSE(all[0][0].elsewhere);
  EXPECT_TRUE(all[0][1].elsewhere);
}

TEST_F(ConditioningPairsTest, MultipliesContextAndPooledText) {
  const auto doubled =
      conditionings("ConditioningMultiply", {{"multiplier", 2.0}}, {{"conditioning", prompt(3)}});
  EXPECT_EQ((*doubled[0][0].context)[5], 6);
  EXPECT_EQ((*doubled[0][0].pooled)[2], 6);
}

TEST_F(ConditioningPairsTest, AControlNetMayReadAPromptOfItsOwn) {
  const Loaded parts = load(golden("models/tiny-sd1.safetensors"));
  const auto net = run_for<ControlNet>(
      "ControlNetLoader", {{"control_net_name", golden("models/controlnet_tiny-sd1.safetensors")}});
  const auto encode = [&](const char* text) {
    return run_for<Conditioning>("CLIPTextEncode", {{"text", text}}, {{"clip", parts.clip}});
  };
  const auto draw_with = [&](const char* control_text) {
    Conditioning positive = run_for<Conditioning>("ControlNetApply", Json::object(),
                                                  {{"conditioning", encode("a cat")},
                                                   {"control_net", net},
                                                   {"image", Array({1, 48, 64, 3}, 0.5F)}});
    if (control_text != nullptr) {
      positive = run_for<Conditioning>("CLIPTextEncodeControlnet", {{"text", control_text}},
                                       {{"clip", parts.clip}, {"conditioning", positive}});
    }
    return run_for<Latent>("KSampler",
                           {{"seed", 7},
                            {"steps", 2},
                            {"cfg", 1},
                            {"sampler_name", "euler"},
                            {"scheduler", "normal"}},
                           {{"model", parts.model},
                            {"positive", positive},
                            {"negative", encode("")},
                            {"latent_image", Latent{.samples = Array({1, 4, 6, 8})}}})
        .samples;
  };
  const Array plain = draw_with(nullptr);
  EXPECT_TRUE(equal(draw_with("a cat"), plain));
  EXPECT_FALSE(equal(draw_with("a dog on a red mat"), plain));
}

}  // namespace
}  // namespace sagitta::nodes
