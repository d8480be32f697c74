#include "nodes/node_runner.h"
#include "sagitta/io/safetensors.h"

namespace sagitta::nodes {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;

class SavingTest : public test::NodeRunner {
 protected:
  std::string saved(const std::string& name) const { return (root_ / "output" / name).string(); }
  std::string save(const Loaded& parts) {
    run("CheckpointSave", Json::object(),
        {{"model", parts.model}, {"clip", parts.clip}, {"vae", parts.vae}});
    return saved("checkpoints/ComfyUI_00001_.safetensors");
  }
};

class SavedFamilies : public SavingTest, public testing::WithParamInterface<const char*> {};

TEST_P(SavedFamilies, DrawTheSamePictureAgain) {
  const Loaded parts = load(golden(std::string("models/") + GetParam() + ".safetensors"));
  const std::string path = save(parts);
  EXPECT_TRUE(equal(draw(load(path)), draw(parts)));
  // Every tensor is where the original has it, in the same type and shape.
  const auto original =
      io::open_safetensors(golden(std::string("models/") + GetParam() + ".safetensors")).tensors;
  const auto written = io::open_safetensors(path).tensors;
  for (const auto& [name, tensor] : original) {
    if (name.ends_with("position_ids") || name.ends_with("logit_scale")) continue;
    const auto it = written.find(name);
    ASSERT_NE(it, written.end()) << name;
    EXPECT_EQ(it->second.dtype, tensor.dtype) << name;
    EXPECT_EQ(it->second.shape, tensor.shape) << name;
    EXPECT_EQ(std::memcmp(it->second.data, tensor.data, tensor.bytes()), 0) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, SavedFamilies, testing::Values("tiny-sd1", "tiny-sd2", "tiny-sdxl"),
                         [](const auto& test) { return std::string(test.param + 5); });

TEST_F(SavingTest, WritesPatchedWeightsAsPatched) {
  Loaded parts = load(golden("models/tiny-sd1.safetensors"));
  const Array before = draw(parts);
  const auto values =
      run("LoraLoader",
          {{"lora_name", golden("lora/files/tiny-sd1_kohya_diffusers_names.safetensors")}},
          {{"model", parts.model}, {"clip", parts.clip}});
  parts.model = std::any_cast<Model>(values.at(0));
  parts.clip = std::any_cast<Clip>(values.at(1));
  parts.model = run_for<Model>("ModelMergeSimple", {{"ratio", 0.5}},
                               {{"model1", parts.model}, {"model2", parts.model}});
  const Array patched = draw(parts);
  EXPECT_FALSE(equal(patched, before));
  EXPECT_TRUE(equal(draw(load(save(parts))), patched));
}

TEST_F(SavingTest, PartsAloneLoadAlone) {
  const Loaded parts = load(golden("models/tiny-sd1.safetensors"));
  run("ModelSave", {{"filename_prefix", "unet/%year%/x"}}, {{"model", parts.model}});
  run("ModelSave", {{"filename_prefix", "x"}}, {{"model", parts.model}});
  run("ModelSave", {{"filename_prefix", "x"}}, {{"model", parts.model}});
  run("CLIPSave", {{"filename_prefix", "y"}}, {{"clip", parts.clip}});
  run("VAESave", {{"filename_prefix", "z"}}, {{"vae", parts.vae}});
  const Loaded again{
      .model = run_for<Model>("UNETLoader", {{"unet_name", saved("x_00002_.safetensors")}}),
      .clip = run_for<Clip>("CLIPLoader", {{"clip_name", saved("y_clip_l_00001_.safetensors")}}),
      .vae = run_for<Vae>("VAELoader", {{"vae_name", saved("z_00001_.safetensors")}})};
  EXPECT_TRUE(equal(draw(again), draw(parts)));
}

TEST_F(SavingTest, BothEncodersOfSdxlGoToFilesOfTheirOwn) {
  const Loaded parts = load(golden("models/tiny-sdxl.safetensors"));
  run("CLIPSave", {{"filename_prefix", "y"}}, {{"clip", parts.clip}});
  Loaded again = parts;
  again.clip =
      run_for<Clip>("DualCLIPLoader", {{"clip_name1", saved("y_clip_l_00001_.safetensors")},
                                       {"clip_name2", saved("y_clip_g_00001_.safetensors")}});
  EXPECT_TRUE(equal(draw(again), draw(parts)));
}

TEST_F(SavingTest, FilesTellTheirWorkflowAndKind) {
  const auto xl = io::open_safetensors(save(load(golden("models/tiny-sdxl.safetensors")))).metadata;
  EXPECT_EQ(Json::parse(xl.at("prompt")).at("1").at("class_type"), "CheckpointSave");
  EXPECT_TRUE(Json::parse(xl.at("workflow")).contains("nodes"));
  EXPECT_EQ(xl.at("modelspec.architecture"), "stable-diffusion-xl-v1-base");
  EXPECT_EQ(xl.at("modelspec.predict_key"), "epsilon");
  EXPECT_EQ(xl.at("modelspec.title"), "ComfyUI 1");
}

TEST_F(SavingTest, WhatAModelPredictsIsKept) {
  Loaded parts = load(golden("models/tiny-sdxl.safetensors"));
  parts.model =
      run_for<Model>("ModelSamplingDiscrete", {{"sampling", "v_prediction"}, {"zsnr", true}},
                     {{"model", parts.model}});
  const Loaded again = load(save(parts));
  EXPECT_EQ(again.model.sampling.prediction, PredictionType::v_prediction);
  EXPECT_EQ(again.model.sampling.sigmas, parts.model.sampling.sigmas);
}

TEST_F(SavingTest, RefusesAPlaceOutsideTheOutputFolder) {
  const Loaded parts = load(golden("models/tiny-sd1.safetensors"));
  EXPECT_THROW(run("VAESave", {{"filename_prefix", "../x"}}, {{"vae", parts.vae}}), Error);
}

TEST_F(SavingTest, TheLoaderWithAConfigurationReadsTheFileItself) {
  const auto values = run("CheckpointLoader", {{"ckpt_name", golden("models/tiny-sd2.safetensors")},
                                               {"config_name", "v1-inference.yaml"}});
  EXPECT_EQ(std::any_cast<Model>(values.at(0)).sampling.prediction, PredictionType::v_prediction);
}

}  // namespace
}  // namespace sagitta::nodes
