// One model in every published spelling: each file gives the same weights under the same names.
#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/checkpoint.h"
#include "sagitta/models/detect.h"
#include "sagitta/models/diffusers_names.h"
#include "sagitta/models/layouts/parts.h"
#include "sagitta/models/layouts/scales.h"
#include "sagitta/models/load.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/models/save.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>

namespace sagitta::models {
namespace {

const StateDict& checkpoint(const std::string& name) {
  static std::map<std::string, StateDict> files;
  StateDict& file = files[name];
  if (file.empty()) {
    file =
        io::open_safetensors(std::string(SAGITTA_GOLDEN_DIR) + "/models/" + name + ".safetensors")
            .tensors;
  }
  return file;
}

StateDict at(const std::string& name, std::string_view prefix) {
  return part_at(checkpoint(name), prefix).tensors;
}
StateDict under(std::string_view prefix, const StateDict& tensors) {
  StateDict out;
  for (const auto& [name, tensor] : tensors) out[std::string(prefix) + name] = tensor;
  return out;
}

void expect_equal(const StateDict& got, const StateDict& wanted) {
  ASSERT_FALSE(wanted.empty());
  for (const auto& [name, tensor] : wanted) {
    if (name.ends_with("position_ids") || name.ends_with("logit_scale")) continue;
    const auto it = got.find(name);
    ASSERT_NE(it, got.end()) << name;
    EXPECT_EQ(it->second.shape, tensor.shape) << name;
    ASSERT_EQ(it->second.bytes(), tensor.bytes()) << name;
    EXPECT_EQ(std::memcmp(it->second.data, tensor.data, tensor.bytes()), 0) << name;
  }
}

constexpr const char* kUnet = "model.diffusion_model.";

TEST(Layouts, UnetFilesMayHaveAnyPrefixOrNone) {
  const StateDict unet = at("tiny-sd1", kUnet);
  for (const char* prefix : {"model.diffusion_model.", "diffusion_model.", "unet.", ""}) {
    SCOPED_TRACE(prefix);
    const FileParts parts = find_parts(under(prefix, unet));
    expect_equal(parts.unet.tensors, unet);
    EXPECT_TRUE(parts.vae.empty());
    EXPECT_TRUE(parts.text.empty());
  }
}

class DiffusersUnet : public testing::TestWithParam<const char*> {};

TEST_P(DiffusersUnet, MayComeAlone) {
  const StateDict unet = at(GetParam(), kUnet);
  const UnetSpec spec = detect_model(unet, checkpoint(GetParam())).unet;
  const DiffusersUnetNames names(spec);
  StateDict diffusers;
  for (const auto& [name, tensor] : unet) {
    ASSERT_NE(names(name), "") << name;
    diffusers[names(name)] = tensor;
  }
  for (const char* prefix : {"", "unet."}) {
    expect_equal(find_parts(under(prefix, diffusers)).unet.tensors, unet);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, DiffusersUnet,
                         testing::Values("tiny-sd1", "tiny-sd2", "tiny-sdxl"),
                         [](const auto& test) { return std::string(test.param + 5); });

TEST(Layouts, VaeFilesMayHaveAnyPrefixOrNone) {
  const StateDict vae = at("tiny-sd1", "first_stage_model.");
  for (const char* prefix : {"first_stage_model.", "vae.", ""}) {
    SCOPED_TRACE(prefix);
    expect_equal(find_parts(under(prefix, vae)).vae.tensors, vae);
  }
}

TEST(Layouts, AFolderOfDiffusersHasTheTensorsOfTheCheckpoint) {
  const auto device = open_device("reference");
  const Checkpoint folder =
      load_diffusers(std::string(SAGITTA_GOLDEN_DIR) + "/layouts/diffusers_tiny-sd1",
                     {.compute = *device, .text = *device});
  const auto expect = [](const Weights& weights, const StateDict& wanted) {
    StateDict got;
    for (const std::string& name : weights.names()) got[name] = *weights.find(name);
    expect_equal(got, wanted);
  };
  expect(folder.unet.weights(), at("tiny-sd1", kUnet));
  expect(folder.vae_weights, at("tiny-sd1", "first_stage_model."));
  ASSERT_EQ(folder.text.size(), 1U);
  expect(folder.text[0].weights(), at("tiny-sd1", "cond_stage_model.transformer."));
}

TEST(Layouts, ClipLMayComeAloneInEverySpelling) {
  const StateDict clip = at("tiny-sd1", "cond_stage_model.transformer.");
  StateDict without_outermost;
  for (const auto& [name, tensor] : clip) {
    without_outermost[name.substr(name.find('.') + 1)] = tensor;
  }
  for (const StateDict& file :
       {clip, without_outermost, under("transformer.", clip), under("clip_l.transformer.", clip),
        under("cond_stage_model.transformer.", clip),
        under("text_encoders.clip_l.transformer.", clip)}) {
    SCOPED_TRACE(file.begin()->first);
    const FileParts parts = find_parts(file);
    ASSERT_EQ(parts.text.size(), 1U);
    EXPECT_EQ(parts.text[0].use, ClipUse::sd1);
    expect_equal(parts.text[0].part.tensors, clip);
  }
}

TEST(Layouts, OpenClipMayComeAloneInEverySpelling) {
  const StateDict openclip = at("tiny-sd2", "cond_stage_model.model.");
  const Part wanted = clip_names(part_at(openclip, ""));
  ASSERT_TRUE(wanted.has("text_model.encoder.layers.0.self_attn.q_proj.weight"));
  for (const StateDict& file :
       {openclip, under("model.", openclip), under("cond_stage_model.model.", openclip),
        wanted.tensors, under("transformer.", wanted.tensors),
        under("clip_h.transformer.", wanted.tensors)}) {
    SCOPED_TRACE(file.begin()->first);
    const FileParts parts = find_parts(file);
    ASSERT_EQ(parts.text.size(), 1U);
    expect_equal(parts.text[0].part.tensors, wanted.tensors);
  }
}

TEST(Layouts, OpenClipNamesAreTheWayBack) {
  for (const auto& [model, prefix] : {std::pair{"tiny-sd2", "cond_stage_model.model."},
                                      std::pair{"tiny-sdxl", "conditioner.embedders.1.model."}}) {
    SCOPED_TRACE(model);
    const StateDict openclip = at(model, prefix);
    StateDict back;
    for (const auto& [name, source] :
         openclip_names(weight_sources(Weights(clip_names(part_at(openclip, "")).tensors)))) {
      back[name] = source.values();
    }
    expect_equal(back, openclip);
  }
}

TEST(Layouts, WeightsOfEightBitsMayHaveAFactor) {
  const std::byte codes[] = {std::byte{0x38}, std::byte{0xC0}};  // 1 and -2 in e4m3
  const StoredTensor weight{
      .dtype = DType::f8_e4m3, .shape = {1, 2}, .data = codes, .owner = nullptr};
  for (const char* factor : {"a.scale_weight", "a.weight_scale"}) {
    SCOPED_TRACE(factor);
    StateDict file{{"a.weight", weight},
                   {"b.weight", weight},
                   {"a.scale_input", to_stored(Array({}, 9.0F))},
                   {"scaled_fp8", to_stored(Array())},
                   {factor, to_stored(Array({}, 0.25F))}};
    const StateDict scaled = with_scales(file);
    EXPECT_EQ(scaled.size(), 2U);
    EXPECT_THAT(to_array(scaled.at("a.weight")).values(), testing::ElementsAre(0.25F, -0.5F));
    EXPECT_THAT(to_array(scaled.at("b.weight")).values(), testing::ElementsAre(1, -2));
    file[factor] = to_stored(Array({1, 2}));
    EXPECT_THROW((void)with_scales(file), Error);
  }
}

TEST(Layouts, FactorsCountOnEveryDeviceAndInEveryUse) {
  for (const char* backend : {"reference", "cpu"}) {
    SCOPED_TRACE(backend);
    const auto device = open_device(backend);
    const auto run = [&](StoredTensor weight, float factor) {
      weight.scale = factor;
      Linear layer(2, 1);
      StoredTensor bias = to_stored(Array({1}, 8));
      bias.scale = factor;
      LoadReport report =
          load_module(layer, device.get(), {{"weight", weight}, {"bias", bias}}, "layer");
      EXPECT_TRUE(report.complete());
      return download(layer(upload(*device, Array({1, 2}, {1, 2}))))[0];
    };
    const std::byte codes[] = {std::byte{0x38}, std::byte{0xC0}};
    const StoredTensor small{
        .dtype = DType::f8_e4m3, .shape = {1, 2}, .data = codes, .owner = nullptr};
    EXPECT_FLOAT_EQ(run(small, 0.5F), 2.5F);  // (1 - 4 + 8) / 2
    EXPECT_FLOAT_EQ(run(to_stored(Array({1, 2}, {1, -2})), 0.5F), 2.5F);
  }
}

template <class Module>
StateDict random_tensors(Module module) {
  RandomWeights weights(nullptr, 1);
  module.params(weights);
  return weights.tensors();
}

// SDXL's refiner: one text encoder, bigG, first in its list, and five numbers beside the pooled
// text.
TEST(Layouts, TheRefinerHasBigGAlone) {
  UnetSpec unet;
  unet.levels = {{.channels = 64, .input_depth = {0}, .output_depth = {0, 0}},
                 {.channels = 128, .input_depth = {1}, .output_depth = {1, 1}}};
  unet.model_channels = 64;
  unet.context_width = 1280;
  unet.vector_width = 2560;
  unet.head_width = 64;
  const ClipSpec text{.width = 64,
                      .vocabulary = 8,
                      .hidden = 64,
                      .layers = 1,
                      .heads = 1,
                      .quick_gelu = false,
                      .projection = 64};
  StateDict file = under(kUnet, random_tensors(Unet(unet)));
  for (const auto& [name, source] :
       openclip_names(weight_sources(Weights(random_tensors(ClipTextModel(text)))))) {
    file["conditioner.embedders.0.model." + name] = source.values();
  }
  const FileParts parts = find_parts(file);
  ASSERT_EQ(parts.text.size(), 1U);
  EXPECT_EQ(parts.text[0].use, ClipUse::sdxl_g);
  EXPECT_EQ(detect_clip(parts.text[0].part.tensors, parts.text[0].use).key, "clip_g");
  const ModelSpec model = detect_model(parts.unet.tensors, file);
  EXPECT_EQ(model.family, "SDXL refiner");
  EXPECT_EQ(model.unet.vector_width, 2560);
  EXPECT_EQ(model.prediction, Prediction::eps);
}

TEST(Layouts, TheSpreadOfABiasTellsWhatSd2Predicts) {
  StateDict unet = at("tiny-sd2", kUnet);
  EXPECT_EQ(detect_model(unet, unet).prediction, Prediction::v);
  StoredTensor& bias = unet.at("output_blocks.11.1.transformer_blocks.0.norm1.bias");
  Array values = to_array(bias) * 0.01F;
  bias = to_stored(values);
  EXPECT_EQ(detect_model(unet, unet).prediction, Prediction::eps);
  // A mean is no spread.
  values += 5;
  bias = to_stored(values);
  EXPECT_EQ(detect_model(unet, unet).prediction, Prediction::eps);
}

TEST(Layouts, TheFirstConvolutionTellsWhatIsBesideTheNoise) {
  for (const std::int64_t channels : {8, 9}) {
    StateDict unet = at("tiny-sd1", kUnet);
    unet["input_blocks.0.0.weight"] = to_stored(Array({32, channels, 3, 3}));
    const ModelSpec model = detect_model(unet, unet);
    EXPECT_EQ(model.unet.in_channels, channels);
    EXPECT_EQ(model.unet.out_channels, 4);
    EXPECT_EQ(model.family, "SD 1.x");
  }
}

}  // namespace
}  // namespace sagitta::models
