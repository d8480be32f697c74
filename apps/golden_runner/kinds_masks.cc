// Mask nodes on the file's mask, soft, source and image; parameters are in the names.
#include "golden_runner/image_case.h"
#include "golden_runner/name_parts.h"

#include <algorithm>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Json;

// Of the two masks, that with as many items as the result.
Array mask_like(const ImageCase& one) {
  return one.input(one.input("soft").dim(0) == one.expected.dim(0) ? "soft" : "mask");
}

// {cells}/{tapered|square}
Array grow(const ImageCase& one, const char* mask) {
  return one.node(
      "GrowMask",
      {{"expand", integer_in(one.parts.at(1), "")}, {"tapered_corners", one.last() == "tapered"}},
      {{"mask", one.input(mask)}});
}

Array run_grow(const ImageCase& one) { return grow(one, "mask"); }
Array run_grow_soft(const ImageCase& one) { return grow(one, "soft"); }

// {left}_{top}_{right}_{bottom}
Array run_feather(const ImageCase& one) {
  Json edges = Json::object();
  std::string_view rest = one.last();
  for (const char* side : {"left", "top", "right", "bottom"}) {
    edges[side] = integer_in(rest, "");
    rest.remove_prefix(std::min(rest.size(), rest.find('_') + 1));
  }
  return one.node("FeatherMask", edges, {{"mask", one.input("mask")}});
}

Array run_composite(const ImageCase& one) {
  return one.node("MaskComposite",
                  {{"operation", one.parts.at(1)},
                   {"x", integer_in(one.last(), "x")},
                   {"y", integer_in(one.last(), "y")}},
                  {{"destination", one.input("soft")}, {"source", one.input("source")}});
}

Array run_invert(const ImageCase& one) {
  return one.node("InvertMask", Json::object(), {{"mask", mask_like(one)}});
}

Array run_crop(const ImageCase& one) {
  return one.node("CropMask",
                  {{"x", integer_in(one.last(), "x")},
                   {"y", integer_in(one.last(), "y")},
                   {"width", integer_in(one.last(), "w")},
                   {"height", integer_in(one.last(), "h")}},
                  {{"mask", mask_like(one)}});
}

Array run_solid(const ImageCase& one) {
  return one.node("SolidMask",
                  {{"value", number_in(one.last(), "")},
                   {"width", integer_in(one.last(), "w")},
                   {"height", integer_in(one.last(), "h")}},
                  {});
}

Array run_threshold(const ImageCase& one) {
  return one.node("ThresholdMask", {{"value", number_in(one.last(), "")}},
                  {{"mask", mask_like(one)}});
}

Array run_channel(const ImageCase& one) {
  return one.node("ImageToMask", {{"channel", one.last()}}, {{"image", one.input("image")}});
}

Array run_to_image(const ImageCase& one) {
  return one.node("MaskToImage", Json::object(), {{"mask", mask_like(one)}});
}

Array run_colour(const ImageCase& one) {
  return one.node("ImageColorToMask", {{"color", integer_in(one.last(), "")}},
                  {{"image", one.input("image")}});
}

constexpr ImageOperation kOperations[] = {
    {.name = "grow", .run = run_grow},
    {.name = "grow_soft", .run = run_grow_soft},
    {.name = "feather", .run = run_feather},
    {.name = "composite", .run = run_composite},
    {.name = "invert", .run = run_invert},
    {.name = "crop", .run = run_crop},
    {.name = "solid", .run = run_solid},
    {.name = "threshold", .run = run_threshold},
    {.name = "image_to_mask", .run = run_channel},
    {.name = "mask_to_image", .run = run_to_image},
    {.name = "image_color_to_mask", .run = run_colour},
};

bool matches(const GoldenFile& file) {
  return file.folder == "images" && file.has("mask") && file.has("soft") &&
         has_operation(file, kOperations);
}

void run(const GoldenFile& file, Context& context, Report& report) {
  check_operations(file, context, kOperations, report);
}

}  // namespace

const Kind kMasksKind{.name = "mask nodes", .matches = matches, .run = run};

}  // namespace golden
