// Pictures over pictures, transparency, and room around pictures.
#include "sagitta/image/channels.h"
#include "sagitta/image/composite.h"
#include "sagitta/image/outpaint.h"
#include "sagitta/image/porter_duff.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kFeathering = 40;

NodeResult run_composite(const NodeCall& call) {
  return {.values = {composite_images(call.get<Array>("destination"), call.get<Array>("source"),
                                      {.y = call.integer("y"),
                                       .x = call.integer("x"),
                                       .resize_source = call.boolean("resize_source")},
                                      call.find<Array>("mask"))}};
}

NodeResult run_pad(const NodeCall& call) {
  Padded padded = pad_for_outpainting(call.get<Array>("image"),
                                      {.left = call.integer("left"),
                                       .top = call.integer("top"),
                                       .right = call.integer("right"),
                                       .bottom = call.integer("bottom")},
                                      call.integer("feathering"));
  return {.values = {std::move(padded.images), std::move(padded.mask)}};
}

NodeResult run_porter_duff(const NodeCall& call) {
  Layer made = porter_duff(
      {.images = call.get<Array>("source"), .mask = call.get<Array>("source_alpha")},
      {.images = call.get<Array>("destination"), .mask = call.get<Array>("destination_alpha")},
      porter_duff_mode(call.text("mode")));
  return {.values = {std::move(made.images), std::move(made.mask)}};
}

NodeResult run_split(const NodeCall& call) {
  WithAlpha parts = split_alpha(call.get<Array>("image"));
  return {.values = {std::move(parts.images), std::move(parts.mask)}};
}

graph::NodeDef composite_masked() {
  return {.id = "ImageCompositeMasked",
          .display_name = "Image Composite Masked",
          .category = "image/compositing",
          .description = "Lays a picture over another, where a mask lets it show.",
          .inputs = graph::inputs(
              graph::socket("destination", "IMAGE"), graph::socket("source", "IMAGE"),
              int_widget("x", 0, 0, kMostPixels, 1), int_widget("y", 0, 0, kMostPixels, 1),
              with_tip(bool_widget("resize_source", false),
                       "Stretches the source over all of the destination."),
              graph::optional(graph::socket("mask", "MASK", "1 where the source shows."))),
          .outputs = {{.type = "IMAGE"}},
          .style = graph::NodeStyle::schema,
          .run = run_composite};
}

graph::NodeDef pad_for_outpaint() {
  const auto side = [](const char* name) { return int_widget(name, 0, 0, kMostPixels, 8); };
  return {
      .id = "ImagePadForOutpaint",
      .display_name = "Pad Image for Outpainting",
      .category = "image/transform",
      .description = "Puts room around pictures, and a mask of what is to be painted.",
      .inputs = graph::inputs(
          graph::socket("image", "IMAGE"), side("left"), side("top"), side("right"), side("bottom"),
          with_tip(advanced(int_widget("feathering", kFeathering, 0, kMostPixels, 1)),
                   "How far the mask fades into the picture, in pixels.")),
      .outputs = {{.type = "IMAGE"}, {.type = "MASK"}},
      .run = run_pad};
}

graph::NodeDef porter_duff_node() {
  return {
      .id = "PorterDuffImageComposite",
      .display_name = "Porter-Duff Image Composite",
      .category = "image/compositing",
      .description = "Puts two pictures with transparency together by a rule of Porter and Duff.",
      .inputs = graph::inputs(
          graph::socket("source", "IMAGE"), graph::socket("source_alpha", "MASK"),
          graph::socket("destination", "IMAGE"), graph::socket("destination_alpha", "MASK"),
          graph::combo("mode", porter_duff_names(), Json{{"default", "DST"}})),
      .outputs = {{.type = "IMAGE"}, {.type = "MASK"}},
      .style = graph::NodeStyle::schema,
      .run = run_porter_duff};
}

}  // namespace

std::vector<graph::NodeDef> image_compositing_nodes() {
  return {
      composite_masked(),
      pad_for_outpaint(),
      porter_duff_node(),
      {.id = "JoinImageWithAlpha",
       .display_name = "Join Image with Alpha",
       .category = "image/compositing",
       .description = "Makes pictures transparent where a mask is 1.",
       .inputs = graph::inputs(graph::socket("image", "IMAGE"), graph::socket("alpha", "MASK")),
       .outputs = {{.type = "IMAGE"}},
       .style = graph::NodeStyle::schema,
       .run = [](const NodeCall& call) -> NodeResult {
         return {.values = {join_alpha(call.get<Array>("image"), call.get<Array>("alpha"))}};
       }},
      {.id = "SplitImageWithAlpha",
       .display_name = "Split Image with Alpha",
       .category = "image/compositing",
       .description = "The colours of pictures, and a mask that is 1 where they are transparent.",
       .inputs = graph::inputs(graph::socket("image", "IMAGE")),
       .outputs = {{.type = "IMAGE"}, {.type = "MASK"}},
       .style = graph::NodeStyle::schema,
       .run = run_split}};
}

}  // namespace sagitta::nodes
