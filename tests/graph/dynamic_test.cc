#include "sagitta/graph/dynamic.h"

#include "sagitta/graph/execute.h"
#include "sagitta/graph/object_info.h"
#include "sagitta/graph/registry.h"
#include "sagitta/graph/validate.h"
#include "sagitta/graph/workflow.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::ElementsAre;

NodeDef source(const char* id, const char* type) {
  return {.id = id, .outputs = {{.type = type}}, .run = [id](const NodeCall&) -> NodeResult {
            return {.values = {std::string(id)}};
          }};
}

// Everything it was given, as text.
std::string given(const NodeCall& call) {
  std::string all;
  for (const auto& [name, value] : call.literals.items()) all += name + "=" + value.dump() + " ";
  for (const auto& [name, value] : call.links)
    all += name + "<" + std::any_cast<std::string>(value) + " ";
  return all;
}

NodeDef echo(const char* id, std::vector<Input> inputs, const char* output) {
  return {.id = id,
          .inputs = std::move(inputs),
          .outputs = {{.type = output}},
          .style = NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult { return {.values = {given(call)}}; }};
}

std::vector<Input> resize_inputs() {
  const auto whole = [](const char* name) {
    return input(name, "INT", {{"default", 4}, {"min", 1}, {"max", 9}});
  };
  return inputs(input("input", std::string(kMatchType),
                      {{"template", {{"template_id", "t"}, {"allowed_types", "IMAGE,MASK"}}}}),
                dynamic_combo("way", {"sides", "width", "like"},
                              {{.input = whole("width"), .when = {"sides", "width"}},
                               {.input = whole("height"), .when = {"sides"}},
                               {.input = socket("other", "IMAGE,MASK"), .when = {"like"}}}),
                combo("method", {"area", "bilinear"}));
}

class DynamicInputs : public testing::Test {
 protected:
  DynamicInputs() {
    registry_.add({source("Image", "IMAGE"),
                   source("Mask", "MASK"),
                   source("Model", "MODEL"),
                   echo("Join", autogrow("images", "IMAGE", "image", 2, 4), "IMAGE"),
                   echo("Resize", resize_inputs(), kMatchType.data()),
                   {.id = "Show",
                    .inputs = inputs(socket("images", "IMAGE")),
                    .output_node = true,
                    .run = [](const NodeCall& call) -> NodeResult {
                      return {.ui = {{"text", call.get<std::string>("images")}}};
                    }}});
  }

  // A prompt that shows node 5, which has the given inputs.
  static Prompt prompt(const char* class_type, const Json& inputs) {
    return parse_prompt({{"1", {{"class_type", "Image"}, {"inputs", Json::object()}}},
                         {"2", {{"class_type", "Mask"}, {"inputs", Json::object()}}},
                         {"3", {{"class_type", "Model"}, {"inputs", Json::object()}}},
                         {"5", {{"class_type", class_type}, {"inputs", inputs}}},
                         {"9", {{"class_type", "Show"}, {"inputs", {{"images", {"5", 0}}}}}}});
  }

  std::vector<std::string> issues(const Prompt& prompt) {
    std::vector<std::string> all;
    for (const Issue& issue : validate(prompt, registry_, {}).issues) {
      all.push_back(issue.input + " " + issue.type);
    }
    return all;
  }

  std::string shown(const Prompt& prompt) {
    Cache cache;
    return execute(prompt, registry_, cache, {}).ui.at("9").at("text").get<std::string>();
  }

  Registry registry_;
};

const Json kImage = Json::array({"1", 0});
const Json kMask = Json::array({"2", 0});

TEST_F(DynamicInputs, AListTakesAsManyLinksAsThereAre) {
  const Prompt three = prompt(
      "Join", {{"images.image0", kImage}, {"images.image1", kImage}, {"images.image3", kImage}});
  EXPECT_THAT(issues(three), ElementsAre());
  EXPECT_EQ(shown(three), "images.image0<Image images.image1<Image images.image3<Image ");
}

TEST_F(DynamicInputs, AListWantsItsFirstLinksAndItsType) {
  EXPECT_THAT(
      issues(prompt("Join", {{"images.image0", kImage}, {"images.image2", kMask}})),
      ElementsAre("images.image1 required_input_missing", "images.image2 return_type_mismatch"));
}

TEST_F(DynamicInputs, AChoiceWantsTheInputsThatItBrings) {
  EXPECT_THAT(
      issues(prompt("Resize",
                    {{"input", kImage}, {"way", "sides"}, {"way.width", 2}, {"method", "area"}})),
      ElementsAre("way.height required_input_missing"));
  EXPECT_THAT(
      issues(prompt("Resize",
                    {{"input", kImage}, {"way", "width"}, {"way.width", 10}, {"method", "area"}})),
      ElementsAre("way.width value_bigger_than_max"));
  EXPECT_THAT(issues(prompt("Resize", {{"input", kImage}, {"way", "depth"}, {"method", "area"}})),
              ElementsAre("way value_not_in_list"));
}

TEST_F(DynamicInputs, InputsOfAnotherChoiceDoNotCount) {
  const Prompt like = prompt("Resize", {{"input", kImage},
                                        {"way", "like"},
                                        {"way.width", 1000},
                                        {"way.other", kMask},
                                        {"method", "area"}});
  EXPECT_THAT(issues(like), ElementsAre());
  EXPECT_EQ(shown(like), "way=\"like\" method=\"area\" input<Image way.other<Mask ");
}

TEST_F(DynamicInputs, AnOutputHasTheTypeOfWhatIsLinked) {
  const auto resized = [](const Json& what) {
    return prompt("Resize",
                  {{"input", what}, {"way", "width"}, {"way.width", 2}, {"method", "area"}});
  };
  EXPECT_THAT(issues(resized(kMask)), ElementsAre("images return_type_mismatch"));
  EXPECT_THAT(issues(resized(Json::array({"3", 0}))),
              ElementsAre("input return_type_mismatch", "images return_type_mismatch"));
}

TEST_F(DynamicInputs, WidgetsOfTheInterfaceStandBehindTheirChoice) {
  const auto inputs_of = [&](const Json& values) {
    const Json ui{{"nodes", {{{"id", 5}, {"type", "Resize"}, {"widgets_values", values}}}},
                  {"links", Json::array()}};
    return to_json(parse_workflow(ui.dump(), "ui.json", registry_, {}).prompt)["5"]["inputs"]
        .dump();
  };
  EXPECT_EQ(inputs_of({"sides", 1, 2, "bilinear"}),
            R"({"way":"sides","way.width":1,"way.height":2,"method":"bilinear"})");
  EXPECT_EQ(inputs_of({"like", "bilinear"}), R"({"way":"like","method":"bilinear"})");
}

TEST_F(DynamicInputs, ObjectInfoPrintsMembersInsideTheirInput) {
  const Json join = object_info(*registry_.find("Join"), {});
  EXPECT_EQ(join.at("input").dump(),
            R"({"required":{"images":["COMFY_AUTOGROW_V3",{"template":{"input":{"required":)"
            R"({"image":["IMAGE",{}]}},"prefix":"image","min":2,"max":4}}]}})");
  const Json resize = object_info(*registry_.find("Resize"), {});
  EXPECT_EQ(resize.at("output_matchtypes"), Json::array({"t"}));
  EXPECT_EQ(resize.at("input_order").at("required"), Json::array({"input", "way", "method"}));
  EXPECT_EQ(
      resize.at("input").at("required").at("way").dump(),
      R"(["COMFY_DYNAMICCOMBO_V3",{"options":[)"
      R"({"key":"sides","inputs":{"required":{"width":["INT",{"default":4,"min":1,"max":9}],)"
      R"("height":["INT",{"default":4,"min":1,"max":9}]}}},)"
      R"({"key":"width","inputs":{"required":{"width":["INT",{"default":4,"min":1,"max":9}]}}},)"
      R"({"key":"like","inputs":{"required":{"other":["IMAGE,MASK",{}]}}}]}])");
}

}  // namespace
}  // namespace sagitta::graph
