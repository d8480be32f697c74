#include "sagitta/graph/object_info.h"

#include "graph/toy_nodes.h"

#include <gtest/gtest.h>

#include <fstream>

namespace sagitta::graph {
namespace {

// The golden file has no texts: tooltips and descriptions are ours.
void remove_texts(Json& json) {
  if (json.is_object()) {
    json.erase("tooltip");
    json.erase("description");
  }
  if (json.is_structured()) {
    for (Json& element : json) remove_texts(element);
  }
}

const Json& golden() {
  static const Json all = [] {
    std::ifstream file(SAGITTA_GOLDEN_DIR "/object_info.json");
    return Json::parse(file);
  }();
  return all;
}

class GoldenNode : public testing::TestWithParam<const char*> {};

TEST_P(GoldenNode, PrintsWhatComfyUiPrintsKeyByKey) {
  toy::Services services;
  services.checkpoints.clear();
  const Registry registry = toy::registry();
  Json info = object_info(*registry.find(GetParam()), ServicesRef::to(services));
  remove_texts(info);
  Json expected = golden().at(GetParam());
  EXPECT_EQ(info.dump(1), expected.dump(1));
}

INSTANTIATE_TEST_SUITE_P(Nodes, GoldenNode,
                         testing::Values("CheckpointLoaderSimple", "CLIPTextEncode",
                                         "EmptyLatentImage", "SelfAttentionGuidance", "VAEDecode",
                                         "SaveImage"));

TEST(ObjectInfo, SamplerDiffersFromComfyUiOnlyInTheShorterListOfSamplers) {
  const Registry registry = toy::registry();
  Json info = object_info(*registry.find("KSampler"));
  remove_texts(info);
  Json expected = golden().at("KSampler");
  expected["input"]["required"]["sampler_name"][0] = Json::array({"euler", "heun"});
  EXPECT_EQ(info.dump(1), expected.dump(1));
}

TEST(ObjectInfo, ListsTheEntriesOfARunTimeCombo) {
  toy::Services services;
  const Registry registry = toy::registry();
  const Json all = object_info(registry, ServicesRef::to(services));
  EXPECT_EQ(all["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0],
            Json::array({"a.safetensors", "b.safetensors"}));
}

TEST(ObjectInfo, SchemaStyleCombosCarryTheirEntriesAsAnOption) {
  NodeDef def{
      .id = "X", .inputs = inputs(combo("mode", {"one", "two"})), .style = NodeStyle::schema};
  EXPECT_EQ(object_info(def)["input"]["required"]["mode"],
            Json::parse(R"(["COMBO", {"multiselect": false, "options": ["one", "two"]}])"));
}

TEST(ObjectInfo, KeepsOptionalInputsInTheirOwnSection) {
  NodeDef def{.id = "X", .inputs = inputs(socket("a", "MASK"), optional(socket("b", "MASK")))};
  const Json info = object_info(def);
  EXPECT_EQ(info["input_order"], Json::parse(R"({"required": ["a"], "optional": ["b"]})"));
}

TEST(Widgets, PrintFloatsWithTheDigitsThatWereWritten) {
  struct Params {
    float strength = 0.1F;
    static constexpr auto fields() {
      return std::tuple{field("strength", &Params::strength, {.min = 0, .max = 1, .step = 0.01})};
    }
  };
  EXPECT_EQ(widgets<Params>()[0].options->dump(),
            R"({"default":0.1,"min":0.0,"max":1.0,"step":0.01})");
}

TEST(Widgets, CutLimitsToTheTypeOfTheField) {
  const std::vector<Input> seed = widgets<toy::SamplerParams>();
  EXPECT_EQ((*seed[0].options)["max"].dump(), "18446744073709551615");
}

TEST(Widgets, ReadRejectsValuesOutsideTheRange) {
  const NodeCall call{.literals = Json{{"scale", 5.5}}};
  EXPECT_THROW(static_cast<void>(read<toy::SagParams>(call)), Error);
  const NodeCall fine{.literals = Json{{"scale", 5}}};
  EXPECT_EQ(read<toy::SagParams>(fine).scale, 5);
  EXPECT_EQ(read<toy::SagParams>(fine).blur_sigma, 2);
}

TEST(Registry, NamesTheNearestNode) {
  const Registry registry = toy::registry();
  EXPECT_EQ(registry.nearest("Ksampler"), "KSampler");
  EXPECT_EQ(registry.nearest("SelfAttentionGuidence"), "SelfAttentionGuidance");
  EXPECT_EQ(registry.nearest("zzzzzzzzzzzzzzzzzzzz"), "");
}

TEST(Registry, RefusesTwoNodesOfOneName) {
  Registry registry = toy::registry();
  EXPECT_THROW(registry.add(toy::sag()), Error);
}

}  // namespace
}  // namespace sagitta::graph
