// Batches of pictures and masks: made, joined and divided.
#include "sagitta/graph/dynamic.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/join.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kMostItems = 4096;
constexpr int kMostSockets = 50;
constexpr std::int64_t kWhite = 0xFFFFFF;

NodeResult run_empty(const NodeCall& call) {
  return {.values = {plain_images(call.integer("batch_size"), call.integer("height"),
                                  call.integer("width"), call.integer("color"))}};
}

NodeResult run_pair(const NodeCall& call) {
  return {.values = {join_images(
              std::vector<Array>{call.get<Array>("image1"), call.get<Array>("image2")})}};
}

// What is linked to the sockets of a growing list, in their order.
std::vector<Array> linked(const NodeCall& call, std::string_view list, std::string_view prefix) {
  std::vector<Array> found;
  for (int i = 0; i < kMostSockets; ++i) {
    const auto* one = call.find<Array>(graph::member_name(list, fmt::format("{}{}", prefix, i)));
    if (one != nullptr) found.push_back(*one);
  }
  return found;
}

NodeResult run_rebatch(const NodeCall& call) {
  std::vector<Array> batches;
  const auto* list = std::any_cast<graph::List>(call.find_any("images"));
  if (list == nullptr) {
    batches.push_back(call.get<Array>("images"));
  } else {
    for (const std::any& entry : *list) {
      const auto* images = std::any_cast<Array>(&entry);
      require(images != nullptr, Fault::bad_input, "an entry of the list is no picture");
      batches.push_back(*images);
    }
  }
  graph::List made;
  for (Array& batch : rebatched(batches, call.integer("batch_size")))
    made.emplace_back(std::move(batch));
  return {.values = {std::any(std::move(made))}};
}

graph::NodeDef batch_images() {
  return {.id = "BatchImagesNode",
          .display_name = "Batch Images",
          .category = "image/batch",
          .description = "Puts pictures into one batch, at the size of the first.",
          .inputs = graph::autogrow("images", "IMAGE", "image", 1, kMostSockets),
          .outputs = {{.type = "IMAGE"}},
          .style = graph::NodeStyle::schema,
          .essentials_category = "Image Tools",
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {join_images(linked(call, "images", "image"))}};
          }};
}

graph::NodeDef batch_masks() {
  return {.id = "BatchMasksNode",
          .display_name = "Batch Masks",
          .category = "image/mask",
          .description = "Puts masks into one batch, at the size of the first.",
          .inputs = graph::autogrow("masks", "MASK", "mask", 1, kMostSockets),
          .outputs = {{.type = "MASK"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {join_masks(linked(call, "masks", "mask"))}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> image_batch_nodes() {
  return {
      {.id = "EmptyImage",
       .display_name = "Empty Image",
       .category = "image",
       .description = "Pictures of one colour.",
       .inputs = graph::inputs(
           int_widget("width", 512, 1, kMostPixels, 1),
           int_widget("height", 512, 1, kMostPixels, 1), int_widget("batch_size", 1, 1, kMostItems),
           graph::input(
               "color", "INT",
               {{"default", 0}, {"min", 0}, {"max", kWhite}, {"step", 1}, {"display", "color"}})),
       .outputs = {{.type = "IMAGE"}},
       .run = run_empty},
      {.id = "ImageBatch",
       .display_name = "Batch Images (DEPRECATED)",
       .category = "image/batch",
       .description = "Puts two batches of pictures into one, at the size of the first.",
       .inputs = graph::inputs(graph::socket("image1", "IMAGE"), graph::socket("image2", "IMAGE")),
       .outputs = {{.type = "IMAGE"}},
       .run = run_pair},
      batch_images(),
      batch_masks(),
      {.id = "RebatchImages",
       .display_name = "Rebatch Images",
       .category = "image/batch",
       .description = "Divides pictures into batches of another length.",
       .inputs = graph::inputs(graph::socket("images", "IMAGE"),
                               int_widget("batch_size", 1, 1, kMostItems)),
       .outputs = {{.type = "IMAGE", .is_list = true}},
       .style = graph::NodeStyle::schema,
       .is_input_list = true,
       .run = run_rebatch}};
}

}  // namespace sagitta::nodes
