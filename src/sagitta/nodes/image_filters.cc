// Pictures with other values.
#include "sagitta/graph/dynamic.h"
#include "sagitta/image/blend.h"
#include "sagitta/image/blur.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/colour_transfer.h"
#include "sagitta/image/quantize.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kMostRadius = 31;
constexpr double kLargestSigma = 10;

NodeResult run_blend(const NodeCall& call) {
  return {.values = {blend(call.get<Array>("image1"), call.get<Array>("image2"),
                           static_cast<float>(call.number("blend_factor")),
                           blend_mode(call.text("blend_mode")))}};
}

NodeResult run_blur(const NodeCall& call) {
  return {.values = {blur_images(call.get<Array>("image"), call.integer("blur_radius"),
                                 call.number("sigma"))}};
}

NodeResult run_sharpen(const NodeCall& call) {
  return {.values = {sharpen_images(call.get<Array>("image"), call.integer("sharpen_radius"),
                                    call.number("sigma"), call.number("alpha"))}};
}

NodeResult run_quantize(const NodeCall& call) {
  return {
      .values = {quantize(call.get<Array>("image"), call.integer("colors"), call.text("dither"))}};
}

NodeResult run_transfer(const NodeCall& call) {
  const std::string index = graph::member_name("source_stats", "target_index");
  return {.values = {transfer_colours(call.get<Array>("image_target"), call.get<Array>("image_ref"),
                                      {.method = colour_method(call.text("method")),
                                       .source = colour_source(call.text("source_stats")),
                                       .frame = call.has(index) ? call.integer(index) : 0,
                                       .strength = static_cast<float>(call.number("strength"))})}};
}

graph::NodeDef color_transfer() {
  return {.id = "ColorTransfer",
          .display_name = "Transfer Color",
          .category = "image/filters",
          .description = "Gives pictures the colours of others.",
          .inputs = graph::inputs(
              graph::socket("image_target", "IMAGE", "The pictures to change."),
              graph::socket("image_ref", "IMAGE", "The pictures with the colours."),
              graph::combo("method", colour_method_names()),
              graph::dynamic_combo(
                  "source_stats", colour_source_names(),
                  {{.input = int_widget("target_index", 0, 0, 10000), .when = {"target_frame"}}},
                  Json{{"tooltip",
                        "What the change is computed from: each picture by itself, all of them, or "
                        "one."}}),
              float_widget("strength", 1.0, 0.0, 10.0, 0.01)),
          .outputs = {{.type = "IMAGE", .name = "image"}},
          .style = graph::NodeStyle::schema,
          .run = run_transfer};
}

}  // namespace

std::vector<graph::NodeDef> image_filter_nodes() {
  return {
      {.id = "ImageInvert",
       .display_name = "Invert Image Colors",
       .category = "image/color",
       .description = "Turns light into dark and each colour into its opposite.",
       .inputs = graph::inputs(graph::socket("image", "IMAGE")),
       .outputs = {{.type = "IMAGE"}},
       .run = [](const NodeCall& call) -> NodeResult {
         return {.values = {inverted(call.get<Array>("image"))}};
       }},
      {.id = "ImageBlend",
       .display_name = "Blend Images",
       .category = "image/filters",
       .description = "Mixes two pictures.",
       .inputs = graph::inputs(graph::socket("image1", "IMAGE"), graph::socket("image2", "IMAGE"),
                               float_widget("blend_factor", 0.5, 0.0, 1.0, 0.01),
                               graph::combo("blend_mode", {"normal", "multiply", "screen",
                                                           "overlay", "soft_light", "difference"})),
       .outputs = {{.type = "IMAGE"}},
       .style = graph::NodeStyle::schema,
       .essentials_category = "Image Tools",
       .run = run_blend},
      {.id = "ImageBlur",
       .display_name = "Blur Image",
       .category = "image/filters",
       .description = "Blurs pictures.",
       .inputs = graph::inputs(graph::socket("image", "IMAGE"),
                               int_widget("blur_radius", 1, 1, kMostRadius, 1),
                               float_widget("sigma", 1.0, 0.1, kLargestSigma, 0.1)),
       .outputs = {{.type = "IMAGE"}},
       .style = graph::NodeStyle::schema,
       .run = run_blur},
      {.id = "ImageSharpen",
       .display_name = "Sharpen Image",
       .category = "image/filters",
       .description = "Strengthens the details of pictures.",
       .inputs = graph::inputs(graph::socket("image", "IMAGE"),
                               advanced(int_widget("sharpen_radius", 1, 1, kMostRadius, 1)),
                               advanced(float_widget("sigma", 1.0, 0.1, kLargestSigma, 0.01)),
                               advanced(float_widget("alpha", 1.0, 0.0, 5.0, 0.01))),
       .outputs = {{.type = "IMAGE"}},
       .style = graph::NodeStyle::schema,
       .run = run_sharpen},
      {.id = "ImageQuantize",
       .display_name = "Quantize Image",
       .category = "image/filters",
       .description = "Draws each picture with few colours, chosen from its own.",
       .inputs =
           graph::inputs(graph::socket("image", "IMAGE"), int_widget("colors", 256, 1, 256, 1),
                         graph::combo("dither", dither_names())),
       .outputs = {{.type = "IMAGE"}},
       .style = graph::NodeStyle::schema,
       .run = run_quantize},
      color_transfer()};
}

}  // namespace sagitta::nodes
