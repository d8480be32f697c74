#include "sagitta/diffusion/lora.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/models/adapters/lora_names.h"
#include "support/toy_model.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using models::Lora;
using test::max_difference;
using test::random_array;

constexpr const char* kQuery = "middle_block.1.transformer_blocks.0.attn1.to_q.weight";
constexpr const char* kOut = "middle_block.1.transformer_blocks.0.attn1.to_out.0.weight";
constexpr std::int64_t kWidth = 64;  // of the toy's middle block
constexpr std::int64_t kRank = 2;

class LoraTest : public testing::Test {
 protected:
  Array predict(const Model& model) {
    return download((*model.unet)({.x = upload(*device_, random_array(1, {1, 8, 8, 4})),
                                   .timesteps = {300},
                                   .context = upload(*device_, random_array(2, {1, 5, 16})),
                                   .vector = {}}));
  }
  // One file with the tensors of a low-rank update.
  static Lora low_rank(const std::string& module, const std::string& up, const std::string& down,
                       std::uint64_t seed = 3) {
    return models::read_lora(
        {{module + up, to_stored(random_array(seed, {kWidth, kRank}))},
         {module + down, to_stored(random_array(seed + 1, {kRank, kWidth}))}},
        "test.safetensors");
  }
  static Lora kohya(std::uint64_t seed = 3) {
    return low_rank("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q",
                    ".lora_up.weight", ".lora_down.weight", seed);
  }
  static Model with(const Model& model, const Lora& lora, float strength = 1) {
    return *apply_lora({.model = model, .clip = std::nullopt}, lora, {.model = strength, .clip = 0})
                .model;
  }
  static std::string error_of(const Model& model, const Lora& lora) {
    try {
      static_cast<void>(with(model, lora));
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::bad_file);
      return error.what();
    }
    return "no error";
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model model_ = test::toy_model(*device_);
};

TEST_F(LoraTest, LeavesTheModelItWasAppliedToAsItWas) {
  const Array before = predict(model_);
  const Model changed = with(model_, kohya());
  EXPECT_GT(max_difference(predict(changed), before), 1e-3F);
  EXPECT_EQ(predict(model_).values().size(), before.size());
  EXPECT_EQ(max_difference(predict(model_), before), 0);
}

TEST_F(LoraTest, StrengthZeroIsTheModelItselfToTheBit) {
  EXPECT_EQ(max_difference(predict(with(model_, kohya(), 0)), predict(model_)), 0);
}

TEST_F(LoraTest, OppositeStrengthsCancel) {
  const Model back = with(with(model_, kohya(), 0.5F), kohya(), -0.5F);
  EXPECT_LT(max_difference(predict(back), predict(model_)), 1e-5F);
}

TEST_F(LoraTest, TheOrderOfTwoLowRankUpdatesDoesNotMatter) {
  const Lora one = kohya(3);
  const Lora two = kohya(9);
  EXPECT_LT(max_difference(predict(with(with(model_, one), two)), predict(with(with(model_, two), one))),
            1e-5F);
}

TEST_F(LoraTest, AlphaOverRankIsTheScale) {
  Lora scaled = kohya();
  scaled.modules.begin()->second[models::LoraPart::alpha] = to_stored(Array({}, 1.0F));
  // rank 2, alpha 1: half the strength.
  EXPECT_EQ(max_difference(predict(with(model_, scaled)), predict(with(model_, kohya(), 0.5F))), 0);
}

TEST_F(LoraTest, EverySpellingOfAModuleMeansTheSameWeight) {
  const models::LoraNames names =
      models::unet_lora_names(model_.unet.spec(), model_.unet.weights());
  for (const char* name :
       {"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q",
        "lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q",
        "lycoris_mid_block_attentions_0_transformer_blocks_0_attn1_to_q",
        "diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q",
        "mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_q",
        "unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_q"}) {
    EXPECT_TRUE(names.contains(name) && names.at(name) == kQuery) << name;
  }
  EXPECT_EQ(names.at("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out"), kOut);
}

// ComfyUI passes over this spelling of attention layers, which today's trainers write.
TEST_F(LoraTest, ReadsAttentionLayersInThePlainPeftSpelling) {
  const Lora peft = low_rank("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
                             ".lora_B.weight", ".lora_A.weight");
  EXPECT_EQ(max_difference(predict(with(model_, peft)), predict(with(model_, kohya()))), 0);
}

TEST_F(LoraTest, RefusesAnUpdateOfAnotherSize) {
  const Lora lora = models::read_lora(
      {{"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight",
        to_stored(Array({kWidth, kRank}))},
       {"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight",
        to_stored(Array({kRank, 2 * kWidth}))}},
      "test.safetensors");
  EXPECT_THAT(error_of(model_, lora),
              testing::AllOf(testing::HasSubstr("test.safetensors"), testing::HasSubstr("64x128"),
                             testing::HasSubstr(kQuery), testing::HasSubstr("64x64")));
}

TEST_F(LoraTest, RefusesPartsThatDoNotFitTogether) {
  Lora lora = kohya();
  lora.modules.begin()->second[models::LoraPart::down] = to_stored(Array({3, kWidth}));
  EXPECT_THAT(error_of(model_, lora), testing::HasSubstr("ranks are 2 and 3"));
}

TEST_F(LoraTest, RefusesHalfAnUpdate) {
  Lora lora = kohya();
  lora.modules.begin()->second.erase(models::LoraPart::down);
  EXPECT_THAT(error_of(model_, lora), testing::HasSubstr("lacks its part 'lora_down'"));
}

TEST_F(LoraTest, RefusesAFileThatNamesNothingInTheModel) {
  const Lora lora = low_rank("lora_unet_double_blocks_0_img_attn_qkv", ".lora_up.weight",
                             ".lora_down.weight");
  EXPECT_THAT(error_of(model_, lora),
              testing::HasSubstr("made for another kind of model; the first is "
                                 "'lora_unet_double_blocks_0_img_attn_qkv'"));
}

TEST_F(LoraTest, RefusesAFileWithoutAnyAdapter) {
  EXPECT_THROW(static_cast<void>(models::read_lora(
                   {{"model.weight", to_stored(Array({1}))}}, "test.safetensors")),
               Error);
}

TEST_F(LoraTest, ABiasThatTheModelLacksIsPassedOver) {
  Lora lora = kohya();
  lora.modules.begin()->second[models::LoraPart::diff_bias] = to_stored(Array({kWidth}, 5.0F));
  EXPECT_EQ(max_difference(predict(with(model_, lora)), predict(with(model_, kohya()))), 0);
}

}  // namespace
}  // namespace sagitta
