#include "sagitta/models/detect.h"

#include "sagitta/base/error.h"
#include "sagitta/models/presets.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/models/vae/vae_network.h"
#include "support/toy_model.h"

#include <gmock/gmock.h>

namespace sagitta::models {
namespace {

template <class Module>
StateDict random_tensors(Module module) {
  RandomWeights weights(nullptr, 1);
  module.params(weights);
  return weights.tensors();
}

// SD 1.x stores its transformer projections as 1x1 convolutions; that is how it is recognised.
StateDict as_sd1(StateDict tensors) {
  for (auto& [name, tensor] : tensors) {
    if (name.ends_with("proj_in.weight") || name.ends_with("proj_out.weight")) {
      tensor.shape.insert(tensor.shape.end(), {1, 1});
    }
  }
  return tensors;
}

TEST(Detect, FindsTheUnetThatWroteTheKeys) {
  UnetSpec written = test::toy_spec();
  written.heads = 8;
  const StateDict tensors = as_sd1(random_tensors(Unet(written)));
  const ModelSpec model = detect_model(tensors, tensors);
  EXPECT_EQ(model.family, "SD 1.x");
  EXPECT_EQ(model.unet.model_channels, 32);
  EXPECT_EQ(model.unet.context_width, test::kToyContextWidth);
  EXPECT_EQ(model.unet.heads, 8);
  ASSERT_EQ(model.unet.levels.size(), 2U);
  EXPECT_EQ(model.unet.levels[0].input_depth, std::vector<int>{1});
  EXPECT_EQ(model.unet.levels[0].output_depth, (std::vector<int>{1, 1}));
  EXPECT_EQ(model.unet.levels[1].channels, 64);
  EXPECT_EQ(model.unet.levels[1].output_depth, (std::vector<int>{0, 0}));
  EXPECT_EQ(model.unet.middle_depth, 1);
}

TEST(Detect, FindsTheVaeThatWroteTheKeys) {
  VaeSpec written;
  written.channels = 32;
  written.multipliers = {1, 2, 2};
  written.blocks = 1;
  const VaeSpec found = detect_vae(random_tensors(VaeDecoder(written)));
  EXPECT_EQ(found.channels, 32);
  EXPECT_EQ(found.multipliers, written.multipliers);
  EXPECT_EQ(found.blocks, 1);
  EXPECT_EQ(found.downscale(), 4);
}

TEST(Detect, FindsTheTinyAutoencoderAndItsScale) {
  const VaeSpec written{.kind = VaeKind::taesd, .channels = 32, .multipliers = {1, 1, 1, 1}};
  StateDict tensors = random_tensors(TaesdDecoder(written));
  tensors.merge(random_tensors(TaesdEncoder(written)));
  EXPECT_TRUE(tensors.contains("taesd_encoder.14.bias"));   // the last places of the sequences
  EXPECT_TRUE(tensors.contains("taesd_decoder.19.bias"));
  EXPECT_FALSE(tensors.contains("taesd_decoder.7.bias"));   // behind an upsampling: no bias
  tensors["vae_scale"] = to_stored(Array({}, 0.25F));
  const VaeSpec found = detect_vae(tensors);
  EXPECT_EQ(found.kind, VaeKind::taesd);
  EXPECT_EQ(found.channels, 32);
  EXPECT_EQ(found.latent_channels, 4);
  EXPECT_EQ(found.downscale(), 8);
  EXPECT_EQ(found.image_min, 0);
  EXPECT_EQ(found.latent_scale, 0.25F);
  EXPECT_EQ(found.latent_shift, 0);
}

TEST(Detect, RefusesATinyAutoencoderOfScaleZero) {
  StateDict tensors =
      random_tensors(TaesdDecoder({.kind = VaeKind::taesd, .channels = 32, .multipliers = {1}}));
  tensors["vae_scale"] = to_stored(Array({}, 0.0F));
  EXPECT_THROW((void)detect_vae(tensors), Error);
}

TEST(Detect, NamesTheTensorThatIsMissing) {
  StateDict tensors = as_sd1(random_tensors(Unet(test::toy_spec())));
  tensors.erase("out.2.weight");
  try {
    static_cast<void>(detect_model(tensors, tensors));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_file);
    EXPECT_THAT(error.what(), testing::HasSubstr("out.2.weight"));
  }
}

TEST(Detect, RefusesChannelsThatHeadsCannotShare) {
  UnetSpec odd = test::toy_spec();
  odd.levels[1].channels = 36;
  odd.heads = 4;
  const StateDict tensors = as_sd1(random_tensors(Unet(odd)));
  EXPECT_THROW(static_cast<void>(detect_model(tensors, tensors)), Error);
}

TEST(Detect, RefusesDiffusionTransformersByName) {
  for (const char* key :
       {"joint_blocks.0.x_block.attn.qkv.weight",
        "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight",
        "double_blocks.0.img_attn.qkv.weight",
        "model.diffusion_model.double_blocks.0.img_attn.qkv.weight",
        "transformer_blocks.0.attn.to_q.weight", "blocks.0.self_attn.q.weight"}) {
    StateDict tensors;
    tensors["first_stage_model.decoder.conv_in.weight"] = to_stored(Array({4, 4}));
    tensors[key] = to_stored(Array({4, 4}));
    try {
      refuse_transformer(tensors);
      ADD_FAILURE() << "took " << key;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::unsupported);
      EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
    }
  }
}

TEST(Detect, TakesNoUnetForATransformer) {
  StateDict tensors = as_sd1(random_tensors(Unet(test::toy_spec())));
  EXPECT_NO_THROW(refuse_transformer(tensors));
  tensors["down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"] = to_stored(Array({4, 4}));
  EXPECT_NO_THROW(refuse_transformer(tensors));
}

}  // namespace
}  // namespace sagitta::models
