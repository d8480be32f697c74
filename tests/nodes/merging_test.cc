#include "nodes/node_runner.h"

namespace sagitta::nodes {
namespace {

using test::Links;

constexpr const char* kDown = "input_blocks.1.0.in_layers.2.weight";
constexpr const char* kMiddle = "middle_block.0.in_layers.2.weight";
constexpr const char* kUp = "output_blocks.0.0.in_layers.2.weight";
constexpr const char* kOut = "out.2.weight";
constexpr const char* kTime = "time_embed.0.weight";

class MergingTest : public test::NodeRunner {
 protected:
  static Array value(const Model& model, const char* name = kMiddle) {
    return model.unet.weights().value(name);
  }
  // a times one array plus b times another, as the weight of a merge should be.
  static void expect_mixture(const Array& got, float a, const Array& one, float b,
                             const Array& other) {
    float most = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      most = std::max(most, std::abs(got[i] - (a * one[i] + b * other[i])));
    }
    EXPECT_LT(most, 1e-6F);
  }
  Model adapted(const Model& model, float strength = 1) {
    return run_for<Model>(
        "LoraLoaderModelOnly",
        {{"lora_name", golden("lora/files/tiny-sd1_kohya_diffusers_names.safetensors")},
         {"strength_model", strength}},
        {{"model", model}});
  }
  // A second model: the first with every weight scaled.
  static Model scaled(Model model, float factor) {
    models::WeightEdits edits;
    for (const std::string& name : model.unet.weights().names()) {
      edits[name] = [factor](Array& weight) { weight *= factor; };
    }
    model.unet = model.unet.with(edits);
    return model;
  }

  Loaded base_ = load(golden("models/tiny-sd1.safetensors"));
};

TEST_F(MergingTest, ARatioOfOneIsTheFirstModelToTheBit) {
  const Model merged =
      run_for<Model>("ModelMergeSimple", {{"ratio", 1.0}},
                     {{"model1", base_.model}, {"model2", scaled(base_.model, 3)}});
  EXPECT_FALSE(merged.unet.weights().edited());
}

TEST_F(MergingTest, MixesTheValuesInProportionAndLeavesBothModelsAsTheyWere) {
  const Array before = draw(base_);
  const Model other = adapted(base_.model);
  const Array weight = value(other, "middle_block.1.transformer_blocks.0.attn1.to_q.weight");
  const Model merged = run_for<Model>("ModelMergeSimple", {{"ratio", 0.25}},
                                      {{"model1", base_.model}, {"model2", other}});
  const char* name = "middle_block.1.transformer_blocks.0.attn1.to_q.weight";
  expect_mixture(value(merged, name), 0.25F, value(base_.model, name), 0.75F, weight);
  Loaded changed = base_;
  changed.model = merged;
  EXPECT_FALSE(equal(draw(changed), before));
  EXPECT_TRUE(equal(draw(base_), before));
  EXPECT_TRUE(equal(value(other, name), weight));
}

TEST_F(MergingTest, BlocksHaveSharesOfTheirOwnAndTheRestGoesWithTheWayDown) {
  const Model merged =
      run_for<Model>("ModelMergeBlocks", {{"input", 0.25}, {"middle", 0.5}, {"out", 0.75}},
                     {{"model1", base_.model}, {"model2", scaled(base_.model, 3)}});
  for (const auto& [name, share] :
       {std::pair{kDown, 0.25F}, std::pair{kTime, 0.25F}, std::pair{kMiddle, 0.5F},
        std::pair{kUp, 0.75F}, std::pair{kOut, 0.75F}}) {
    SCOPED_TRACE(name);
    const Array own = value(base_.model, name);
    expect_mixture(value(merged, name), share, own, 3 * (1 - share), own);
  }
}

TEST_F(MergingTest, AddingADifferenceLeadsToTheOtherModel) {
  const Model other = scaled(base_.model, 3);
  const Model difference = run_for<Model>("ModelMergeSubtract", {{"multiplier", 0.5}},
                                          {{"model1", other}, {"model2", base_.model}});
  const Model sum = run_for<Model>("ModelMergeAdd", Json::object(),
                                   {{"model1", base_.model}, {"model2", difference}});
  // 1 + 0.5 (3 - 1)
  expect_mixture(value(sum), 2, value(base_.model), 0, value(base_.model));
}

TEST_F(MergingTest, AdaptersBeforeAndBehindAMergeActInTheOrderOfTheWorkflow) {
  const char* name = "middle_block.1.transformer_blocks.0.attn1.to_q.weight";
  const Model other = scaled(base_.model, 3);
  const auto merge = [&](const Model& first) {
    return run_for<Model>("ModelMergeSimple", {{"ratio", 0.5}},
                          {{"model1", first}, {"model2", other}});
  };
  const Array own = value(base_.model, name);
  const Array update = value(adapted(base_.model), name) - own;
  // 0.5 (W + U) + 0.5 * 3 W, and 0.5 W + 0.5 * 3 W + U.
  expect_mixture(value(merge(adapted(base_.model)), name), 2, own, 0.5F, update);
  expect_mixture(value(adapted(merge(base_.model)), name), 2, own, 1, update);
}

TEST_F(MergingTest, KeepsTheHooksOfTheFirstModel) {
  const Model guided =
      run_for<Model>("SelfAttentionGuidance", Json::object(), {{"model", base_.model}});
  const Model merged = run_for<Model>("ModelMergeSimple", {{"ratio", 0.5}},
                                      {{"model1", guided}, {"model2", scaled(base_.model, 3)}});
  EXPECT_EQ(merged.post_cfg.size(), guided.post_cfg.size());
  EXPECT_GT(merged.post_cfg.size(), base_.model.post_cfg.size());
}

TEST_F(MergingTest, RefusesModelsOfDifferentKinds) {
  const Loaded other = load(golden("models/tiny-sd2.safetensors"));
  for (const char* id : {"ModelMergeSimple", "ModelMergeAdd", "ModelMergeSubtract"}) {
    try {
      static_cast<void>(
          run(id, Json::object(), {{"model1", base_.model}, {"model2", other.model}}));
      FAIL() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::bad_input);
      EXPECT_THAT(error.what(), testing::HasSubstr("cannot be merged"));
    }
  }
  const Loaded two = load(golden("models/tiny-sdxl.safetensors"));
  EXPECT_THROW(run("CLIPMergeSimple", Json::object(), {{"clip1", base_.clip}, {"clip2", two.clip}}),
               Error);
}

TEST_F(MergingTest, TextEncodersMixAlike) {
  const auto adapted_clip = run_for<Clip>(
      "LoraLoader",
      {{"lora_name", golden("lora/files/tiny-sd1_kohya_diffusers_names.safetensors")}},
      {{"model", base_.model}, {"clip", base_.clip}}, 1);
  const char* name = "text_model.encoder.layers.0.self_attn.q_proj.weight";
  const auto weight = [&](const Clip& clip) { return clip.encoders.front().weights().value(name); };
  const Array own = weight(base_.clip);
  const Array other = weight(adapted_clip);
  ASSERT_FALSE(equal(own, other));
  const Links both{{"clip1", base_.clip}, {"clip2", adapted_clip}};
  expect_mixture(weight(run_for<Clip>("CLIPMergeSimple", {{"ratio", 0.25}}, both)), 0.25F, own,
                 0.75F, other);
  expect_mixture(weight(run_for<Clip>("CLIPMergeAdd", Json::object(), both)), 1, own, 1, other);
  expect_mixture(weight(run_for<Clip>("CLIPMergeSubtract", {{"multiplier", 2.0}}, both)), 2, own,
                 -2, other);
}

}  // namespace
}  // namespace sagitta::nodes
