// Pictures of another size.
#include "sagitta/graph/dynamic.h"
#include "sagitta/image/scale.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

#include <cmath>
#include <optional>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr double kPixelsPerMegapixel = 1024 * 1024;
constexpr std::int64_t kSide = 512;
constexpr double kLargestFactor = 8;

std::vector<std::string> methods() {
  return {"nearest-exact", "bilinear", "area", "bicubic", "lanczos"};
}

std::vector<std::string> crops() { return {"disabled", "center"}; }

graph::Input side(const char* name) { return int_widget(name, kSide, 0, kMostPixels, 1); }

graph::Input megapixels() { return float_widget("megapixels", 1.0, 0.01, 16.0, 0.01); }

Crop cut(const std::string& name) { return name == "center" ? Crop::centre : Crop::none; }

NodeResult scaled(const NodeCall& call, const Size& size, Crop cut = Crop::none) {
  return {.values = {scale(call.get<Array>("image"), size,
                           resize_method(call.text("upscale_method")), cut)}};
}

NodeResult run_scale(const NodeCall& call) {
  const auto& image = call.get<Array>("image");
  const auto size = fill_in_sides(
      size_of(image), {.height = call.integer("height"), .width = call.integer("width")});
  return size ? scaled(call, *size, cut(call.text("crop"))) : NodeResult{.values = {image}};
}

NodeResult run_scale_by(const NodeCall& call) {
  return scaled(call, scaled_by(size_of(call.get<Array>("image")), call.number("scale_by")));
}

NodeResult run_total_pixels(const NodeCall& call) {
  return scaled(call, of_total_pixels(size_of(call.get<Array>("image")),
                                      call.number("megapixels") * kPixelsPerMegapixel,
                                      call.integer("resolution_steps")));
}

// The name of a value that belongs to the way of resizing.
std::string part(std::string_view name) { return fmt::format("resize_type.{}", name); }

// The size that the chosen way of resizing asks for; nothing: as it is.
std::optional<Size> wanted_size(const NodeCall& call, const std::string& type, const Size& have) {
  const auto length = [&](std::string_view name) { return call.integer(part(name)); };
  if (type == "scale dimensions") {
    return fill_in_sides(have, {.height = length("height"), .width = length("width")});
  }
  if (type == "scale by multiplier") return scaled_by(have, call.number(part("multiplier")));
  if (type == "scale longer dimension") return of_longer_side(have, length("longer_size"));
  if (type == "scale shorter dimension") return of_shorter_side(have, length("shorter_size"));
  if (type == "scale width") return fill_in_sides(have, {.height = 0, .width = length("width")});
  if (type == "scale height") return fill_in_sides(have, {.height = length("height"), .width = 0});
  if (type == "scale total pixels") {
    const double pixels = std::floor(call.number(part("megapixels")) * kPixelsPerMegapixel);
    return of_total_pixels(have, pixels, 1);
  }
  require(type == "match size", Fault::bad_input, "there is no way of resizing \"{}\"", type);
  return size_of(call.get<Array>(part("match")));
}

NodeResult run_resize(const NodeCall& call) {
  const auto& input = call.get<Array>("input");
  const std::string& type = call.text("resize_type");
  const ResizeMethod method = resize_method(call.text("scale_method"));
  if (type == "scale to multiple") {
    return {.values = {scale_to_multiple(input, call.integer(part("multiple")), method)}};
  }
  const std::optional<Size> size = wanted_size(call, type, size_of(input));
  if (!size) return {.values = {input}};
  const bool may_cut = type == "scale dimensions" || type == "match size";
  return {
      .values = {scale(input, *size, method, may_cut ? cut(call.text(part("crop"))) : Crop::none)}};
}

graph::NodeDef resize_node() {
  graph::Input input =
      graph::input("input", std::string(graph::kMatchType),
                   {{"template", {{"template_id", "input_type"}, {"allowed_types", "IMAGE,MASK"}}},
                    {"tooltip", "Pictures or masks."}});
  const std::vector<graph::Member> members{
      {.input = side("width"), .when = {"scale dimensions", "scale width"}},
      {.input = side("height"), .when = {"scale dimensions", "scale height"}},
      {.input = float_widget("multiplier", 1.0, 0.01, kLargestFactor, 0.01),
       .when = {"scale by multiplier"}},
      {.input = side("longer_size"), .when = {"scale longer dimension"}},
      {.input = side("shorter_size"), .when = {"scale shorter dimension"}},
      {.input = megapixels(), .when = {"scale total pixels"}},
      {.input = graph::socket("match", "IMAGE,MASK"), .when = {"match size"}},
      {.input = graph::combo("crop", crops(), Json{{"default", "center"}}),
       .when = {"scale dimensions", "match size"}},
      {.input = int_widget("multiple", 8, 1, kMostPixels, 1), .when = {"scale to multiple"}}};
  return {
      .id = "ResizeImageMaskNode",
      .display_name = "Resize Image/Mask",
      .category = "image/transform",
      .description =
          "Brings pictures or masks to another size, in one of several ways to say which.",
      .inputs = graph::inputs(
          std::move(input),
          graph::dynamic_combo("resize_type",
                               {"scale dimensions", "scale by multiplier", "scale longer dimension",
                                "scale shorter dimension", "scale width", "scale height",
                                "scale total pixels", "match size", "scale to multiple"},
                               members, Json{{"tooltip", "What decides the new size."}}),
          graph::combo(
              "scale_method", methods(),
              Json{{"default", "area"}, {"tooltip", "How new pixels are made from old ones."}})),
      .outputs = {{.type = std::string(graph::kMatchType), .name = "resized"}},
      .style = graph::NodeStyle::schema,
      .run = run_resize};
}

}  // namespace

std::vector<graph::NodeDef> image_scale_nodes() {
  return {{.id = "ImageScale",
           .display_name = "Upscale Image",
           .category = "image/upscaling",
           .description = "Brings pictures to a size in pixels; a side of 0 follows the other one.",
           .inputs = graph::inputs(graph::socket("image", "IMAGE"),
                                   graph::combo("upscale_method", methods()), side("width"),
                                   side("height"), graph::combo("crop", crops())),
           .outputs = {{.type = "IMAGE"}},
           .run = run_scale},
          {.id = "ImageScaleBy",
           .display_name = "Upscale Image By",
           .category = "image/upscaling",
           .description = "Multiplies both sides of pictures by a factor.",
           .inputs = graph::inputs(graph::socket("image", "IMAGE"),
                                   graph::combo("upscale_method", methods()),
                                   float_widget("scale_by", 1.0, 0.01, kLargestFactor, 0.01)),
           .outputs = {{.type = "IMAGE"}},
           .run = run_scale_by},
          {.id = "ImageScaleToTotalPixels",
           .display_name = "Scale Image to Total Pixels",
           .category = "image/upscaling",
           .description = "Brings pictures to a number of pixels, keeping their aspect ratio.",
           .inputs = graph::inputs(graph::socket("image", "IMAGE"),
                                   graph::combo("upscale_method", methods()), megapixels(),
                                   with_tip(advanced(int_widget("resolution_steps", 1, 1, 256)),
                                            "Both sides become multiples of this.")),
           .outputs = {{.type = "IMAGE"}},
           .style = graph::NodeStyle::schema,
           .run = run_total_pixels},
          resize_node()};
}

}  // namespace sagitta::nodes
