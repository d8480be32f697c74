// Latents resized, cut, turned and laid onto one another. Sizes and places are in pixels, 8 to a
// cell.
#include "sagitta/diffusion/latent_composite.h"
#include "sagitta/diffusion/latent_math.h"
#include "sagitta/image/axes.h"
#include "sagitta/image/resize.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"
#include "sagitta/nodes/latent_inputs.h"

#include <algorithm>
#include <cmath>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::size_t kRows = 2;
constexpr std::size_t kColumns = 3;

graph::Input pixels(const char* name, std::int64_t value, std::int64_t min) {
  return int_widget(name, value, min, kMostPixels, kPixelsPerCell);
}

graph::Input method_choice() {
  return graph::combo("upscale_method",
                      {"nearest-exact", "bilinear", "area", "bicubic", "bislerp"});
}

Array resized(const Array& x, std::int64_t height, std::int64_t width, ResizeMethod method,
              Crop cut) {
  require(height > 0 && width > 0, Fault::bad_input,
          "a latent of {}x{} cells cannot be resized to {}x{}", x.dim(kColumns), x.dim(kRows),
          width, height);
  require_latent_size({x.dim(0), x.dim(1), height, width}, "a latent");
  return resize(x, height, width, method, cut);
}

// A side that is 0 follows from the other one.
NodeResult run_upscale(const NodeCall& call) {
  constexpr std::int64_t kLeast = 64;
  Latent latent = latent_of(call, "samples");
  std::int64_t width = call.integer("width");
  std::int64_t height = call.integer("height");
  if (width == 0 && height == 0) return {.values = {std::move(latent)}};
  const auto rows = static_cast<double>(latent.samples.dim(kRows));
  const auto cols = static_cast<double>(latent.samples.dim(kColumns));
  const auto in_proportion = [](double size, std::int64_t other, double other_size) {
    return std::llrint(size * static_cast<double>(other) / other_size);
  };
  if (width == 0) {
    height = std::max(kLeast, height);
    width = in_proportion(cols, height, rows);
  } else if (height == 0) {
    width = std::max(kLeast, width);
    height = in_proportion(rows, width, cols);
  }
  latent.samples =
      resized(latent.samples, std::max(kLeast, height) / kPixelsPerCell,
              std::max(kLeast, width) / kPixelsPerCell, resize_method(call.text("upscale_method")),
              call.text("crop") == "center" ? Crop::centre : Crop::none);
  return {.values = {std::move(latent)}};
}

NodeResult run_upscale_by(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  const double factor = call.number("scale_by");
  const auto scaled = [&](std::size_t axis) {
    return std::llrint(static_cast<double>(latent.samples.dim(axis)) * factor);
  };
  latent.samples = resized(latent.samples, scaled(kRows), scaled(kColumns),
                           resize_method(call.text("upscale_method")), Crop::none);
  return {.values = {std::move(latent)}};
}

// What is cut from one axis: at least the last 8 cells. On a shorter axis upstream's first cell is
// below 0, which counts from the end.
Array cropped(const Array& x, std::size_t axis, std::int64_t place, std::int64_t size) {
  constexpr std::int64_t kLeast = 8;
  const std::int64_t length = x.dim(axis);
  const std::int64_t first = std::min(place / kPixelsPerCell, length - kLeast);
  const std::int64_t end = std::clamp<std::int64_t>(first + size / kPixelsPerCell, 0, length);
  const std::int64_t begin = first >= 0 ? first : std::max<std::int64_t>(0, first + length);
  require(begin < end, Fault::bad_input, "{} pixels from {} on are no part of a latent of {} cells",
          size, place, length);
  return narrow(x, axis, begin, end - begin);
}

NodeResult run_crop(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  latent.samples = cropped(latent.samples, kRows, call.integer("y"), call.integer("height"));
  latent.samples = cropped(latent.samples, kColumns, call.integer("x"), call.integer("width"));
  return {.values = {std::move(latent)}};
}

NodeResult run_rotate(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  const std::string& rotation = call.text("rotation");
  int right_angles = 0;
  if (rotation.starts_with("90")) right_angles = 1;
  if (rotation.starts_with("180")) right_angles = 2;
  if (rotation.starts_with("270")) right_angles = 3;
  latent.samples = turned(latent.samples, right_angles);
  return {.values = {std::move(latent)}};
}

NodeResult run_flip(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  latent.samples =
      mirrored(latent.samples, call.text("flip_method").starts_with("x") ? kRows : kColumns);
  return {.values = {std::move(latent)}};
}

// Rounds down, also below 0.
std::int64_t to_cells(std::int64_t place) {
  return place / kPixelsPerCell - (place % kPixelsPerCell < 0 ? 1 : 0);
}

NodeResult run_composite(const NodeCall& call) {
  Latent latent = latent_of(call, "samples_to");
  latent.samples =
      paste_feathered(std::move(latent.samples), latent_of(call, "samples_from").samples,
                      {.x = to_cells(call.integer("x")), .y = to_cells(call.integer("y"))},
                      call.integer("feather") / kPixelsPerCell);
  return {.values = {std::move(latent)}};
}

NodeResult run_composite_masked(const NodeCall& call) {
  Latent latent = latent_of(call, "destination");
  Array source = latent_of(call, "source").samples;
  if (call.boolean("resize_source")) {
    source = resize_bilinear(source, latent.samples.dim(kRows), latent.samples.dim(kColumns));
  }
  latent.samples = paste_masked(
      latent.samples, source, {.x = to_cells(call.integer("x")), .y = to_cells(call.integer("y"))},
      call.find<Array>("mask"));
  return {.values = {std::move(latent)}};
}

NodeResult run_blend(const NodeCall& call) {
  Latent latent = latent_of(call, "samples1");
  latent.samples = blend(latent.samples, latent_of(call, "samples2").samples,
                         static_cast<float>(call.number("blend_factor")));
  return {.values = {std::move(latent)}};
}

graph::NodeDef node(std::string id, std::string name, std::string description,
                    std::vector<graph::Input> inputs, NodeResult (*run)(const NodeCall&)) {
  return {.id = std::move(id),
          .display_name = std::move(name),
          .category = "model/latent",
          .description = std::move(description),
          .inputs = std::move(inputs),
          .outputs = {{.type = "LATENT"}},
          .run = run};
}

graph::NodeDef in_category(graph::NodeDef def, const char* category) {
  def.category = category;
  return def;
}

graph::NodeDef composite_masked() {
  graph::NodeDef def =
      node("LatentCompositeMasked", "Latent Composite Masked",
           "Lays a latent onto another one where a mask says so.",
           graph::inputs(graph::socket("destination", "LATENT"), graph::socket("source", "LATENT"),
                         pixels("x", 0, 0), pixels("y", 0, 0), bool_widget("resize_source", false),
                         graph::optional(graph::socket("mask", "MASK"))),
           run_composite_masked);
  def.style = graph::NodeStyle::schema;
  return def;
}

}  // namespace

std::vector<graph::NodeDef> latent_transform_nodes() {
  constexpr const char* kTransform = "model/latent/transform";
  const auto samples = [] { return graph::socket("samples", "LATENT"); };
  return {
      node("LatentUpscale", "Upscale Latent",
           "Resizes a latent; a side of 0 keeps the proportions.",
           graph::inputs(samples(), method_choice(), pixels("width", 512, 0),
                         pixels("height", 512, 0), graph::combo("crop", {"disabled", "center"})),
           run_upscale),
      node(
          "LatentUpscaleBy", "Upscale Latent By", "Resizes a latent by a factor.",
          graph::inputs(samples(), method_choice(), float_widget("scale_by", 1.5, 0.01, 8.0, 0.01)),
          run_upscale_by),
      node("LatentComposite", "Latent Composite",
           "Lays a latent onto another one; inner edges can be feathered.",
           graph::inputs(graph::socket("samples_to", "LATENT"),
                         graph::socket("samples_from", "LATENT"), pixels("x", 0, 0),
                         pixels("y", 0, 0), pixels("feather", 0, 0)),
           run_composite),
      composite_masked(),
      in_category(node("LatentBlend", "Latent Blend", "Mixes two latents.",
                       graph::inputs(graph::socket("samples1", "LATENT"),
                                     graph::socket("samples2", "LATENT"),
                                     float_widget("blend_factor", 0.5, 0, 1, 0.01)),
                       run_blend),
                  "experimental"),
      in_category(node("LatentCrop", "Crop Latent", "Cuts a rectangle out of a latent.",
                       graph::inputs(samples(), pixels("width", 512, 64), pixels("height", 512, 64),
                                     pixels("x", 0, 0), pixels("y", 0, 0)),
                       run_crop),
                  kTransform),
      in_category(
          node("LatentRotate", "Rotate Latent", "Turns a latent clockwise.",
               graph::inputs(samples(), graph::combo("rotation", {"none", "90 degrees",
                                                                  "180 degrees", "270 degrees"})),
               run_rotate),
          kTransform),
      in_category(
          node("LatentFlip", "Flip Latent", "Mirrors a latent.",
               graph::inputs(samples(), graph::combo("flip_method", {"x-axis: vertically",
                                                                     "y-axis: horizontally"})),
               run_flip),
          kTransform),
  };
}

}  // namespace sagitta::nodes
