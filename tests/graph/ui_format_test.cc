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

TEST_F(UiFormat, BypassTakesTheInputInTheSamePlaceFirst) {
  // Two inputs and two outputs of one type, as of ControlNetApplyAdvanced.
  const Json api = to_json(convert(R"({"nodes": [{"id": 1, "type": "A"}, {"id": 2, "type": "B"},
      {"id": 3, "type": "Apply", "mode": 4, "inputs": [{"name": "p", "type": "CONDITIONING", "link": 1},
         {"name": "n", "type": "CONDITIONING", "link": 2}, {"name": "open", "type": "IMAGE", "link": null}],
       "outputs": [{"type": "CONDITIONING"}, {"type": "CONDITIONING"}, {"type": "IMAGE"}, {"type": "VAE"}]},
      {"id": 4, "type": "Use", "inputs": [{"name": "p", "type": "CONDITIONING", "link": 3},
         {"name": "n", "type": "CONDITIONING", "link": 4}, {"name": "any", "type": "*", "link": 5},
         {"name": "image", "type": "IMAGE", "link": 6}, {"name": "vae", "type": "VAE", "link": 7}]}],
      "links": [[1, 1, 0, 3, 0, "*"], [2, 2, 0, 3, 1, "*"], [3, 3, 0, 4, 0, "*"], [4, 3, 1, 4, 1, "*"],
                [5, 3, 3, 4, 2, "*"], [6, 3, 2, 4, 3, "*"], [7, 3, 3, 4, 4, "*"]]})"));
  EXPECT_EQ(api["4"]["inputs"]["p"], Json::array({"1", 0}));
  EXPECT_EQ(api["4"]["inputs"]["n"], Json::array({"2", 0}));
  EXPECT_EQ(api["4"]["inputs"]["any"], Json::array({"1", 0}))
      << "no input in that place: the first";
  EXPECT_FALSE(api["4"]["inputs"].contains("image")) << "the input that is chosen is open";
  EXPECT_FALSE(api["4"]["inputs"].contains("vae")) << "there is none of the type";
}

TEST_F(UiFormat, BypassedChainsAndReroutesMayMix) {
  const Json api = to_json(convert(R"json({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "LoraLoader", "mode": 4, "inputs": [{"name": "model", "type": "MODEL", "link": 1},
         {"name": "clip", "type": "CLIP", "link": 2}], "outputs": [{"type": "MODEL"}, {"type": "CLIP"}]},
      {"id": 3, "type": "Reroute (rgthree)", "inputs": [{"name": "", "type": "*", "link": 3}]},
      {"id": 4, "type": "LoraLoader", "mode": 4, "inputs": [{"name": "model", "type": "MODEL", "link": null},
         {"name": "clip", "type": "CLIP", "link": 4}], "outputs": [{"type": "MODEL"}, {"type": "CLIP"}]},
      {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 5}]}],
      "links": [[1, 1, 0, 2, 0, "MODEL"], [2, 1, 1, 2, 1, "CLIP"], [3, 2, 1, 3, 0, "*"],
                [4, 3, 0, 4, 1, "CLIP"], [5, 4, 1, 6, 0, "CLIP"]]})json"));
  EXPECT_EQ(api.size(), 2U);
  EXPECT_EQ(api["6"]["inputs"]["clip"], Json::array({"1", 1}));
}

TEST_F(UiFormat, OnePrimitiveFeedsWidgetsOfSeveralNodes) {
  const Json api = to_json(convert(R"({"nodes": [
      {"id": 1, "type": "PrimitiveNode", "widgets_values": [640, "fixed"]},
      {"id": 2, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1],
       "inputs": [{"name": "width", "type": "INT", "link": 1, "widget": {"name": "width", "config": ["INT"]}},
                  {"name": "height", "type": "INT", "link": 2, "widget": {"name": "height"}}]},
      {"id": 3, "type": "EmptyLatentImage", "widgets_values": [512, 768, 4],
       "inputs": [{"name": "width", "type": "INT", "link": 3, "widget": {"name": "width"}}]},
      {"id": 5, "type": "PrimitiveNode", "mode": 2, "widgets_values": [9]},
      {"id": 4, "type": "EmptyLatentImage", "widgets_values": [512, 768, 2],
       "inputs": [{"name": "width", "type": "INT", "link": 4, "widget": {"name": "width"}}]}],
      "links": [[1, 1, 0, 2, 0, "INT"], [2, 1, 0, 2, 1, "INT"], [3, 1, 0, 3, 0, "INT"],
                [4, 5, 0, 4, 0, "INT"]]})"));
  EXPECT_EQ(api["2"]["inputs"], Json::parse(R"({"width": 640, "height": 640, "batch_size": 1})"));
  EXPECT_EQ(api["3"]["inputs"], Json::parse(R"({"width": 640, "height": 768, "batch_size": 4})"));
  EXPECT_EQ(api["4"]["inputs"]["width"], 512) << "a muted primitive leaves the widget its value";
}

TEST_F(UiFormat, AWidgetKeepsItsValueIfItsLinkLeadsNowhere) {
  const Json api = to_json(convert(R"({"nodes": [
      {"id": 2, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1],
       "inputs": [{"name": "width", "type": "INT", "link": 1, "widget": {"name": "width"}},
                  {"name": "height", "type": "INT", "link": 99, "widget": {"name": "height"}}]}],
      "links": [[1, 77, 0, 2, 0, "INT"]]})"));
  EXPECT_EQ(api["2"]["inputs"], Json::parse(R"({"width": 512, "height": 768, "batch_size": 1})"));
}

TEST_F(UiFormat, ANodeMayBeFedByName) {
  const std::string text = R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "SetNode", "widgets_values": ["text"], "inputs": [{"name": "CLIP", "type": "CLIP", "link": 1}]},
      {"id": 3, "type": "GetNode", "widgets_values": ["text"]},
      {"id": 4, "type": "GetNode", "widgets_values": ["other"]},
      {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 2}]},
      {"id": 7, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 3}]}],
      "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 3, 0, 6, 0, "CLIP"], [3, 4, 0, 7, 0, "CLIP"]]})";
  const Json api = to_json(convert(text));
  EXPECT_EQ(api.size(), 3U);
  EXPECT_EQ(api["6"]["inputs"]["clip"], Json::array({"1", 1}));
  EXPECT_FALSE(api["7"]["inputs"].contains("clip"));
}

TEST_F(UiFormat, PromptsLoseCommentsAndChoices) {
  const auto prompt = [&](const std::string& text) {
    const Json node{{"id", 1}, {"type", "CLIPTextEncode"}, {"widgets_values", Json::array({text})}};
    return inputs_of(Json{{"nodes", Json::array({node})}}.dump(), "1")["text"].get<std::string>();
  };
  EXPECT_EQ(prompt("a {red|blue} fox"), "a red fox");
  EXPECT_EQ(prompt("{a {b|c}|d} {x}"), "a b x");
  EXPECT_EQ(prompt("a // note\nb /* more\n*/ c /* open"), "a \nb  c /* open");
  EXPECT_EQ(prompt("\\{a\\|b\\} \\(c\\) } |"), "{a|b} \\(c\\) } |");
  EXPECT_EQ(prompt("a {b|c"), "a b");
}

TEST_F(UiFormat, LinksMayBeAnObjectAndOtherKeysAreNobodysBusiness) {
  const Json inputs = inputs_of(R"({"id": "x", "revision": 0, "last_node_id": 2, "last_link_id": 9,
      "nodes": [{"id": 1, "type": "CheckpointLoaderSimple", "pos": {"0": 1, "1": 2}, "flags": {"collapsed": true},
         "order": 0, "properties": {"Node name for S&R": "x", "models": [1]}, "color": "#322", "shape": 1},
        {"id": 2, "type": "CLIPTextEncode", "inputs": [{"localized_name": "clip", "name": "clip", "type": "CLIP",
         "link": 9, "slot_index": 0, "dir": 1}]}],
      "links": {"9": {"id": 9, "origin_id": 1, "origin_slot": 1, "target_id": 2, "target_slot": 0}, "10": null},
      "floatingLinks": [{"id": 3}], "reroutes": [{"id": 1, "linkIds": [9]}], "groups": [{"bounding": []}],
      "config": {}, "extra": {"ds": {"scale": 1}, "linkExtensions": [{"id": 9, "parentId": 1}]}, "version": 0.4})",
                                "2");
  EXPECT_EQ(inputs["clip"], Json::array({"1", 1}));
}

TEST_F(UiFormat, ADrawingMayStandInAnEnvelope) {
  const Prompt prompt =
      convert(R"({"workflow": {"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"}]}})");
  EXPECT_TRUE(prompt.contains("1"));
}

TEST_F(UiFormat, BypassedSubgraphsPassOn) {
  const Json api = to_json(convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "text-pair", "mode": 4, "inputs": [{"name": "clip", "type": "CLIP", "link": 1}],
       "outputs": [{"type": "CONDITIONING"}, {"type": "CLIP"}]},
      {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 2}]}],
      "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 2, 1, 6, 0, "CLIP"]], )" +
                                   std::string(kSubgraph) + "}"));
  EXPECT_EQ(api.size(), 2U);
  EXPECT_EQ(api["6"]["inputs"]["clip"], Json::array({"1", 1}));
}

TEST_F(UiFormat, SubgraphsMayPassAnInputStraightOnAndHidePrimitives) {
  const Json api = to_json(convert(R"({"nodes": [{"id": 1, "type": "CheckpointLoaderSimple"},
      {"id": 2, "type": "through", "inputs": [{"name": "c", "type": "CLIP", "link": 1}]},
      {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["own"],
       "inputs": [{"name": "clip", "type": "CLIP", "link": 2},
                  {"name": "text", "type": "STRING", "link": 3, "widget": {"name": "text"}}]}],
      "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 2, 0, 6, 0, "CLIP"], [3, 2, 1, 6, 1, "STRING"]],
      "definitions": {"subgraphs": [{"id": "through", "inputs": [{"name": "c"}],
        "nodes": [{"id": 5, "type": "PrimitiveNode", "widgets_values": ["hidden"]}],
        "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": -20, "target_slot": 0},
                  {"id": 2, "origin_id": 5, "origin_slot": 0, "target_id": -20, "target_slot": 1}]}]}})"));
  EXPECT_EQ(api["6"]["inputs"], Json::parse(R"({"text": "hidden", "clip": ["1", 1]})"));
}

TEST_F(UiFormat, WidgetsMayBePromotedThroughSeveralSubgraphs) {
  const std::string text = R"({"nodes": [
      {"id": 1, "type": "outer", "widgets_values": ["far", "near", "input"],
       "properties": {"proxyWidgets": [["8", "text"], ["7", "text"], ["8", "words", "x"]]}}],
      "definitions": {"subgraphs": [
        {"id": "outer", "nodes": [
          {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["own"]},
          {"id": 8, "type": "inner", "widgets_values": ["middle"],
           "inputs": [{"name": "words", "type": "STRING", "link": null, "widget": {"name": "words"}}],
           "properties": {"proxyWidgets": [["9", "text"]]}}]},
        {"id": "inner", "inputs": [{"name": "words"}], "nodes": [
          {"id": 9, "type": "CLIPTextEncode", "widgets_values": ["own"]},
          {"id": 10, "type": "CLIPTextEncode", "widgets_values": ["own"],
           "inputs": [{"name": "text", "type": "STRING", "link": 1, "widget": {"name": "text"}}]}],
         "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 10, "target_slot": 0}]}]}})";
  const Json api = to_json(convert(text));
  EXPECT_EQ(api["1:7"]["inputs"]["text"], "near");
  EXPECT_EQ(api["1:8:9"]["inputs"]["text"], "far");
  EXPECT_EQ(api["1:8:10"]["inputs"]["text"], "input");
}

TEST_F(UiFormat, InstancesOfOneSubgraphHaveTheirOwnValues) {
  const std::string instance =
      R"("type": "text-pair", "inputs": [{"name": "clip", "type": "CLIP", "link": null},
      {"name": "words", "type": "STRING", "link": null, "widget": {"name": "words"}}], "widgets_values": )";
  const Json api =
      to_json(convert(R"({"nodes": [{"id": 1, )" + instance + R"(["one"]}, {"id": 2, )" + instance +
                      R"(["two"]}], )" + kSubgraph + "}"));
  EXPECT_EQ(api["1:5"]["inputs"]["text"], "one");
  EXPECT_EQ(api["2:5"]["inputs"]["text"], "two");
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
