#include "sagitta/graph/ui_format.h"

#include "graph/toy_nodes.h"
#include "sagitta/graph/workflow.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::HasSubstr;

class UiFormat : public testing::Test {
 protected:
  Prompt convert(const std::string& text) {
    return parse_workflow(text, "ui.json", registry_, ServicesRef::to(services_)).prompt;
  }
  // The inputs of a node in API form.
  Json inputs_of(const std::string& text, const std::string& id) {
    return to_json(convert(text))[id]["inputs"];
  }

  toy::Services services_;
  Registry registry_ = toy::registry();
};

TEST_F(UiFormat, ConvertsWidgetsByPositionAndSkipsTheControlBehindTheSeed) {
  const Json inputs = inputs_of(R"({"nodes": [
      {"id": 3, "type": "KSampler", "title": "mine", "mode": 0,
       "inputs": [{"name": "model", "type": "MODEL", "link": 1}, {"name": "positive", "type": "CONDITIONING", "link": null}],
       "outputs": [{"name": "LATENT", "type": "LATENT", "links": []}],
       "widgets_values": [156680208700286, "randomize", 20, 8.5, "heun", "karras", 0.9]},
      {"id": 4, "type": "CheckpointLoaderSimple", "outputs": [{"name": "MODEL", "type": "MODEL", "links": [1]}],
       "widgets_values": ["a.safetensors"]}],
      "links": [[1, 4, 0, 3, 0, "MODEL"]], "groups": [{"title": "a group"}], "version": 0.4})",
                                "3");
  EXPECT_EQ(nlohmann::json(inputs),
            nlohmann::json::parse(R"({"seed": 156680208700286, "steps": 20, "cfg": 8.5,
      "sampler_name": "heun", "scheduler": "karras", "denoise": 0.9, "model": ["4", 0]})"));
}

TEST_F(UiFormat, TakesOldFilesWithoutTheControlValue) {
  const Json inputs = inputs_of(R"({"nodes": [{"id": 3, "type": "KSampler",
      "widgets_values": [7, 20, 8, "euler", "normal", 1]}], "links": []})",
                                "3");
  EXPECT_EQ(inputs["steps"], 20);
  EXPECT_EQ(inputs["denoise"], 1);
}

TEST_F(UiFormat, FillsWidgetsThatTheFileDoesNotHave) {
  const Json inputs = inputs_of(
      R"({"nodes": [{"id": 3, "type": "KSampler", "widgets_values": [7, "fixed", 30]}]})", "3");
  EXPECT_EQ(inputs["steps"], 30);
  EXPECT_EQ(inputs["cfg"], 8.0);
  EXPECT_EQ(inputs["sampler_name"], "euler");
}

TEST_F(UiFormat, ReadsWidgetsByName) {
  const Json inputs = inputs_of(R"({"nodes": [{"id": "a", "type": "EmptyLatentImage",
      "widgets_values": {"height": 128, "width": 64}}]})",
                                "a");
  EXPECT_EQ(inputs, Json::parse(R"({"width": 64, "height": 128, "batch_size": 1})"));
}

TEST_F(UiFormat, ReadsLinksWrittenAsObjects) {
  const Json inputs = inputs_of(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 9}]}],
      "links": [{"id": 9, "origin_id": 1, "origin_slot": 1, "target_id": 2, "target_slot": 0, "type": "CLIP"}]})",
                                "2");
  EXPECT_EQ(inputs["clip"], Json::array({"1", 1}));
}

TEST_F(UiFormat, FollowsReroutesAndDropsNotes) {
  const Prompt prompt = convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 1}]},
      {"id": 3, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 2}]},
      {"id": 4, "type": "Note", "widgets_values": ["hello"]}, {"id": 5, "type": "MarkdownNote"},
      {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 3}]}],
      "links": [[1, 1, 1, 2, 0, "*"], [2, 2, 0, 3, 0, "*"], [3, 3, 0, 6, 0, "CLIP"]]})");
  EXPECT_EQ(prompt.nodes().size(), 2U);
  EXPECT_EQ(std::get<Link>(*prompt.find("6")->find("clip")), (Link{"1", 1}));
}

TEST_F(UiFormat, PrimitivesHandTheirValueToTheWidget) {
  const Json inputs = inputs_of(R"({"nodes": [
      {"id": 1, "type": "PrimitiveNode", "widgets_values": [42, "fixed"]},
      {"id": 3, "type": "KSampler", "widgets_values": [7, "fixed", 30],
       "inputs": [{"name": "seed", "type": "INT", "link": 1, "widget": {"name": "seed"}}]}],
      "links": [[1, 1, 0, 3, 0, "INT"]]})",
                                "3");
  EXPECT_EQ(inputs["seed"], 42);
  EXPECT_EQ(inputs["steps"], 30);
}

TEST_F(UiFormat, MutedNodesVanishWithTheirLinks) {
  const Prompt prompt =
      convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple", "mode": 2},
      {"id": 2, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 1}]}],
      "links": [[1, 1, 1, 2, 0, "CLIP"]]})");
  EXPECT_EQ(prompt.nodes().size(), 1U);
  EXPECT_EQ(prompt.find("2")->find("clip"), nullptr);
}

TEST_F(UiFormat, BypassedNodesPassTheInputOfTheSameTypeOn) {
  // The SAG node and a node with several inputs, of which the second has the right type.
  const Json api = to_json(convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "SelfAttentionGuidance", "mode": 4, "inputs": [{"name": "model", "type": "MODEL", "link": 1}]},
      {"id": 4, "type": "LoraLoader", "mode": 4, "inputs": [{"name": "model", "type": "MODEL", "link": 2},
         {"name": "clip", "type": "CLIP", "link": 3}]},
      {"id": 3, "type": "KSampler", "inputs": [{"name": "model", "type": "MODEL", "link": 4}]},
      {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 5}]}],
      "links": [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 4, 0, "MODEL"], [3, 1, 1, 4, 1, "CLIP"],
                [4, 4, 0, 3, 0, "MODEL"], [5, 4, 1, 6, 0, "CLIP"]]})"));
  EXPECT_EQ(api.size(), 3U);
  EXPECT_EQ(api["3"]["inputs"]["model"], Json::array({"1", 0}));
  EXPECT_EQ(api["6"]["inputs"]["clip"], Json::array({"1", 1}));
}

TEST_F(UiFormat, UnknownNodesKeepTheirLinksForTheReport) {
  const Prompt prompt = convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "Mystery", "title": "what", "widgets_values": [1, 2],
       "inputs": [{"name": "m", "type": "MODEL", "link": 1}]}], "links": [[1, 1, 0, 2, 0, "MODEL"]]})");
  EXPECT_EQ(prompt.find("2")->title, "what");
  EXPECT_EQ(std::get<Link>(*prompt.find("2")->find("m")), (Link{"1", 0}));
}

TEST_F(UiFormat, LinksFromMissingNodesStayForTheReport) {
  const Prompt prompt = convert(R"({"nodes": [
      {"id": 2, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 1}]}],
      "links": [[1, 77, 1, 2, 0, "CLIP"]]})");
  EXPECT_EQ(std::get<Link>(*prompt.find("2")->find("clip")), (Link{"77", 1}));
}

constexpr const char* kSubgraph =
    R"("definitions": {"subgraphs": [{"id": "text-pair", "name": "two texts",
    "inputs": [{"id": "u1", "name": "clip", "type": "CLIP"}, {"id": "u2", "name": "words", "type": "STRING"}],
    "outputs": [{"id": "u3", "name": "one", "type": "CONDITIONING"}, {"id": "u4", "name": "two", "type": "CONDITIONING"}],
    "nodes": [
      {"id": 5, "type": "CLIPTextEncode", "widgets_values": ["inner one"],
       "inputs": [{"name": "clip", "type": "CLIP", "link": 1},
                  {"name": "text", "type": "STRING", "link": 2, "widget": {"name": "text"}}]},
      {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["inner two"],
       "inputs": [{"name": "clip", "type": "CLIP", "link": 3}]}],
    "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 5, "target_slot": 0},
              {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 5, "target_slot": 1},
              {"id": 3, "origin_id": -10, "origin_slot": 0, "target_id": 6, "target_slot": 0},
              {"id": 4, "origin_id": 5, "origin_slot": 0, "target_id": -20, "target_slot": 0},
              {"id": 5, "origin_id": 6, "origin_slot": 0, "target_id": -20, "target_slot": 1}]}]})";

std::string with_subgraph(const std::string& instance_members, const std::string& mode = "0") {
  return R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "text-pair", "mode": )" +
         mode + R"(, "inputs": [{"name": "clip", "type": "CLIP", "link": 1},
         {"name": "words", "type": "STRING", "link": null, "widget": {"name": "words"}}])" +
         instance_members + R"(},
      {"id": 3, "type": "KSampler", "inputs": [{"name": "positive", "type": "CONDITIONING", "link": 2},
         {"name": "negative", "type": "CONDITIONING", "link": 3}]}],
      "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 2, 0, 3, 0, "CONDITIONING"], [3, 2, 1, 3, 1, "CONDITIONING"]], )" +
         kSubgraph + "}";
}

TEST_F(UiFormat, SubgraphsAreReplacedByTheirNodes) {
  const Json api = to_json(convert(with_subgraph("")));
  EXPECT_EQ(api["3"]["inputs"]["positive"], Json::array({"2:5", 0}));
  EXPECT_EQ(api["3"]["inputs"]["negative"], Json::array({"2:6", 0}));
  EXPECT_EQ(api["2:5"]["inputs"], Json::parse(R"({"text": "inner one", "clip": ["1", 1]})"));
  EXPECT_EQ(api["2:6"]["inputs"], Json::parse(R"({"text": "inner two", "clip": ["1", 1]})"));
  EXPECT_FALSE(api.contains("2"));
}

TEST_F(UiFormat, WidgetsOfTheInstanceWinOverThoseInside) {
  const Json api = to_json(convert(with_subgraph(R"(, "widgets_values": ["outer"])")));
  EXPECT_EQ(api["2:5"]["inputs"]["text"], "outer");
  EXPECT_EQ(api["2:6"]["inputs"]["text"], "inner two");
}

TEST_F(UiFormat, PromotedWidgetsSayWhoseTheValuesAre) {
  const Json api = to_json(convert(with_subgraph(
      R"(, "widgets_values": ["for six", "outer"], "properties": {"proxyWidgets": [["6", "text"], ["-1", "words"]]})")));
  EXPECT_EQ(api["2:5"]["inputs"]["text"], "outer");
  EXPECT_EQ(api["2:6"]["inputs"]["text"], "for six");
}

TEST_F(UiFormat, MutedSubgraphsVanish) {
  const Json api = to_json(convert(with_subgraph("", "2")));
  EXPECT_EQ(api.size(), 2U);
  EXPECT_FALSE(api["3"]["inputs"].contains("positive"));
}

TEST_F(UiFormat, SubgraphsMayBeNested) {
  const Json api = to_json(convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "outer", "inputs": [{"name": "c", "type": "CLIP", "link": 1}]},
      {"id": 3, "type": "KSampler", "inputs": [{"name": "positive", "type": "CONDITIONING", "link": 2}]}],
      "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 2, 0, 3, 0, "CONDITIONING"]],
      "definitions": {"subgraphs": [
        {"id": "outer", "inputs": [{"name": "c"}], "nodes": [
           {"id": 8, "type": "inner", "inputs": [{"name": "d", "type": "CLIP", "link": 1}]}],
         "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 8, "target_slot": 0},
                   {"id": 2, "origin_id": 8, "origin_slot": 0, "target_id": -20, "target_slot": 0}]},
        {"id": "inner", "inputs": [{"name": "d"}], "nodes": [
           {"id": 9, "type": "CLIPTextEncode", "widgets_values": ["deep"],
            "inputs": [{"name": "clip", "type": "CLIP", "link": 1}]}],
         "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 9, "target_slot": 0},
                   {"id": 2, "origin_id": 9, "origin_slot": 0, "target_id": -20, "target_slot": 0}]}]}})"));
  EXPECT_EQ(api["3"]["inputs"]["positive"], Json::array({"2:8:9", 0}));
  EXPECT_EQ(api["2:8:9"]["inputs"], Json::parse(R"({"text": "deep", "clip": ["1", 1]})"));
}

TEST_F(UiFormat, KeepsTheDrawingForThePicture) {
  const std::string text = R"({"nodes": [], "links": []})";
  EXPECT_EQ(parse_workflow(text, "ui.json", registry_).extra_pnginfo,
            Json::parse(R"({"workflow": )" + text + "}"));
}

TEST_F(UiFormat, ErrorsNameTheNodeAndTheMember) {
  const auto failure = [&](const std::string& text) -> std::string {
    try {
      convert(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(failure(R"({"nodes": [{"id": 5, "title": "abc"}]})"),
              HasSubstr("node 5 \"abc\": type is missing"));
  EXPECT_THAT(failure(R"({"nodes": [{"id": 5, "type": "X", "widgets_values": 7}]})"),
              HasSubstr("node 5 (X): widgets_values is 7"));
  EXPECT_THAT(failure(R"({"nodes": [], "links": [[1, 2]]})"), HasSubstr("the link [1,2] is not"));
}

}  // namespace
}  // namespace sagitta::graph
