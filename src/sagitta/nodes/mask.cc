// Masks: made, changed, and turned into pictures and back.
#include "sagitta/image/masks.h"

#include "sagitta/image/channels.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

#include <algorithm>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kSide = 512;
constexpr std::int64_t kWhite = 0xFFFFFF;

graph::Input mask_socket() { return graph::socket("mask", "MASK"); }
graph::Input pixels(const char* name) { return int_widget(name, 0, 0, kMostPixels, 1); }
graph::Input side(const char* name) { return int_widget(name, kSide, 1, kMostPixels, 1); }

// A node that gives one value.
graph::NodeDef one_output(graph::NodeDef node, const char* type) {
  node.category = "image/mask";
  node.outputs = {{.type = type}};
  node.style = graph::NodeStyle::schema;
  return node;
}

const std::vector<std::string>& channel_names() {
  static const std::vector<std::string> names{"red", "green", "blue", "alpha"};
  return names;
}

NodeResult run_channel(const NodeCall& call) {
  const auto& names = channel_names();
  const auto at = std::ranges::find(names, call.text("channel")) - names.begin();
  return {.values = {channel_of(call.get<Array>("image"), at)}};
}

NodeResult run_colour(const NodeCall& call) {
  return {.values = {mask_of_colour(call.get<Array>("image"), call.integer("color"))}};
}

NodeResult run_crop(const NodeCall& call) {
  return {.values = {crop_mask(call.get<Array>("mask"), call.integer("x"), call.integer("y"),
                               call.integer("width"), call.integer("height"))}};
}

NodeResult run_combine(const NodeCall& call) {
  return {.values = {combine(call.get<Array>("destination"), call.get<Array>("source"),
                             call.integer("x"), call.integer("y"),
                             mask_operation(call.text("operation")))}};
}

NodeResult run_feather(const NodeCall& call) {
  return {.values = {feather(call.get<Array>("mask"), {.left = call.integer("left"),
                                                       .top = call.integer("top"),
                                                       .right = call.integer("right"),
                                                       .bottom = call.integer("bottom")})}};
}

NodeResult run_grow(const NodeCall& call) {
  return {.values = {grow(call.get<Array>("mask"), call.integer("expand"),
                          call.boolean("tapered_corners"))}};
}

NodeResult run_solid(const NodeCall& call) {
  return {.values = {solid_mask(static_cast<float>(call.number("value")), call.integer("height"),
                                call.integer("width"))}};
}

NodeResult run_threshold(const NodeCall& call) {
  return {.values = {threshold(call.get<Array>("mask"), static_cast<float>(call.number("value")))}};
}

std::vector<graph::NodeDef> conversions() {
  return {one_output({.id = "MaskToImage",
                      .display_name = "Convert Mask to Image",
                      .description = "A mask as a grey picture.",
                      .inputs = graph::inputs(mask_socket()),
                      .run = [](const NodeCall& call) -> NodeResult {
                        return {.values = {grey_images(call.get<Array>("mask"))}};
                      }},
                     "IMAGE"),
          one_output({.id = "ImageToMask",
                      .display_name = "Convert Image to Mask",
                      .description = "One channel of pictures as a mask.",
                      .inputs = graph::inputs(graph::socket("image", "IMAGE"),
                                              graph::combo("channel", channel_names())),
                      .run = run_channel},
                     "MASK"),
          one_output({.id = "ImageColorToMask",
                      .display_name = "Convert Image Color to Mask",
                      .description = "A mask of the pixels that have one colour.",
                      .inputs = graph::inputs(
                          graph::socket("image", "IMAGE"),
                          graph::input("color", "INT",
                                       {{"default", 0},
                                        {"min", 0},
                                        {"max", kWhite},
                                        {"step", 1},
                                        {"display", "number"},
                                        {"tooltip", "Red * 65536 + green * 256 + blue."}})),
                      .run = run_colour},
                     "MASK"),
          one_output({.id = "SolidMask",
                      .display_name = "Create Solid Mask",
                      .description = "A mask with one value.",
                      .inputs = graph::inputs(float_widget("value", 1.0, 0.0, 1.0, 0.01),
                                              side("width"), side("height")),
                      .run = run_solid},
                     "MASK")};
}

std::vector<graph::NodeDef> changes() {
  return {
      one_output({.id = "InvertMask",
                  .display_name = "Invert Mask",
                  .description = "1 minus the mask.",
                  .inputs = graph::inputs(mask_socket()),
                  .run = [](const NodeCall& call) -> NodeResult {
                    return {.values = {inverted(call.get<Array>("mask"))}};
                  }},
                 "MASK"),
      one_output({.id = "CropMask",
                  .display_name = "Crop Mask",
                  .description = "A part of a mask.",
                  .inputs = graph::inputs(mask_socket(), pixels("x"), pixels("y"), side("width"),
                                          side("height")),
                  .run = run_crop},
                 "MASK"),
      one_output({.id = "MaskComposite",
                  .display_name = "Combine Masks",
                  .description = "Combines a mask with what it covers of another.",
                  .inputs = graph::inputs(graph::socket("destination", "MASK"),
                                          graph::socket("source", "MASK"), pixels("x"), pixels("y"),
                                          graph::combo("operation", {"multiply", "add", "subtract",
                                                                     "and", "or", "xor"})),
                  .run = run_combine},
                 "MASK"),
      one_output({.id = "FeatherMask",
                  .display_name = "Feather Mask",
                  .description = "Lets a mask fade towards its edges.",
                  .inputs = graph::inputs(mask_socket(), pixels("left"), pixels("top"),
                                          pixels("right"), pixels("bottom")),
                  .run = run_feather},
                 "MASK"),
      one_output(
          {.id = "GrowMask",
           .display_name = "Grow Mask",
           .description = "Makes what a mask covers larger, or smaller.",
           .inputs = graph::inputs(mask_socket(),
                                   with_tip(int_widget("expand", 0, -kMostPixels, kMostPixels, 1),
                                            "By how many pixels; less than 0 makes it smaller."),
                                   advanced(bool_widget("tapered_corners", true))),
           .run = run_grow},
          "MASK"),
      one_output(
          {.id = "ThresholdMask",
           .display_name = "Threshold Mask",
           .description = "1 where a mask is larger than a value, else 0.",
           .inputs = graph::inputs(mask_socket(), float_widget("value", 0.5, 0.0, 1.0, 0.01)),
           .run = run_threshold},
          "MASK")};
}

}  // namespace

std::vector<graph::NodeDef> mask_nodes() {
  std::vector<graph::NodeDef> all = conversions();
  for (graph::NodeDef& node : changes()) all.push_back(std::move(node));
  return all;
}

}  // namespace sagitta::nodes
