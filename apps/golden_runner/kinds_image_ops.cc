// Image nodes on the file's image, image2, image3, source and mask; parameters are in the names.
#include "golden_runner/image_case.h"
#include "golden_runner/name_parts.h"

#include <charconv>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Fault;
using sagitta::Json;
using sagitta::require;

// x{x}_y{y}_resize{0|1}_mask{0|1}
Array composite(const ImageCase& one, const char* destination, const char* source) {
  Links links{{"destination", one.input(destination)}, {"source", one.input(source)}};
  if (integer_in(one.last(), "mask") != 0) links.emplace("mask", one.input("mask"));
  return one.node("ImageCompositeMasked",
                  {{"x", integer_in(one.last(), "x")},
                   {"y", integer_in(one.last(), "y")},
                   {"resize_source", integer_in(one.last(), "resize") != 0}},
                  std::move(links));
}

Array run_composite(const ImageCase& one) { return composite(one, "image", "source"); }
Array run_composite_swapped(const ImageCase& one) { return composite(one, "source", "image"); }

// The node's second output is compared under another last part.
std::size_t output_of(const ImageCase& one) { return one.last() == "image" ? 0 : 1; }

Array run_pad(const ImageCase& one) {
  const std::string_view sides = one.parts.at(1);
  return one.node("ImagePadForOutpaint",
                  {{"left", integer_in(sides, "l")},
                   {"top", integer_in(sides, "t")},
                   {"right", integer_in(sides, "r")},
                   {"bottom", integer_in(sides, "b")},
                   {"feathering", integer_in(sides, "f")}},
                  {{"image", one.input("image")}}, output_of(one));
}

Array run_porter_duff(const ImageCase& one) {
  return one.node("PorterDuffImageComposite", {{"mode", one.parts.at(1)}},
                  {{"source", one.input("pd_src")},
                   {"source_alpha", one.input("pd_src_alpha")},
                   {"destination", one.input("pd_dst")},
                   {"destination_alpha", one.input("pd_dst_alpha")}},
                  output_of(one));
}

Array run_join_alpha(const ImageCase& one) {
  return one.node("JoinImageWithAlpha", Json::object(),
                  {{"image", one.input("pd_src")}, {"alpha", one.input("pd_src_alpha")}});
}

Array run_blur(const ImageCase& one) {
  return one.node(
      "ImageBlur",
      {{"blur_radius", integer_in(one.last(), "r")}, {"sigma", number_in(one.last(), "s")}},
      {{"image", one.input("image")}});
}

Array run_sharpen(const ImageCase& one) {
  return one.node("ImageSharpen",
                  {{"sharpen_radius", integer_in(one.last(), "r")},
                   {"sigma", number_in(one.last(), "s")},
                   {"alpha", number_in(one.last(), "a")}},
                  {{"image", one.input("image")}});
}

Array blend(const ImageCase& one, const char* second) {
  return one.node("ImageBlend",
                  {{"blend_mode", one.parts.at(1)}, {"blend_factor", number_in(one.last(), "")}},
                  {{"image1", one.input("image")}, {"image2", one.input(second)}});
}

Array run_blend(const ImageCase& one) { return blend(one, "image2"); }
Array run_blend_sizes(const ImageCase& one) { return blend(one, "image3"); }

// The expected batch says how many of the pictures were drawn.
Array run_quantize(const ImageCase& one) {
  return one.node("ImageQuantize",
                  {{"colors", integer_in(one.parts.at(1), "")}, {"dither", one.last()}},
                  {{"image", one.input("image").slice(0, one.expected.dim(0))}});
}

Array run_invert(const ImageCase& one) {
  return one.node("ImageInvert", Json::object(), {{"image", one.input("image")}});
}

Array run_batch(const ImageCase& one) {
  return one.node("ImageBatch", Json::object(),
                  {{"image1", one.input("image")}, {"image2", one.input("image3")}});
}

// empty_color_0x3366CC
Array run_empty(const ImageCase& one) {
  const std::string_view digits = one.last().substr(one.last().rfind('x') + 1);
  int colour = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), colour, 16);
  require(read.ec == std::errc(), Fault::bad_file, "there is no colour in the name");
  return one.node("EmptyImage",
                  {{"width", one.expected.dim(2)},
                   {"height", one.expected.dim(1)},
                   {"batch_size", one.expected.dim(0)},
                   {"color", colour}},
                  {});
}

constexpr ImageOperation kOperations[] = {
    {.name = "composite", .run = run_composite},
    {.name = "composite_swapped", .run = run_composite_swapped},
    {.name = "pad", .run = run_pad},
    {.name = "porter_duff", .run = run_porter_duff},
    {.name = "join_alpha", .run = run_join_alpha},
    {.name = "blur", .run = run_blur},
    {.name = "sharpen", .run = run_sharpen},
    {.name = "blend", .run = run_blend},
    {.name = "blend_sizes", .run = run_blend_sizes},
    {.name = "quantize", .run = run_quantize, .tolerance = "quantize"},
    {.name = "invert", .run = run_invert},
    {.name = "batch", .run = run_batch},
};

std::vector<ImageOperation> operations_of(const GoldenFile& file) {
  std::vector<ImageOperation> all(std::begin(kOperations), std::end(kOperations));
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with("empty_color_0x")) all.push_back({.name = name, .run = run_empty});
  }
  return all;
}

bool matches(const GoldenFile& file) {
  const bool has_images = file.has("image") || file.has("pd_src");
  return file.folder == "images" && has_images && has_operation(file, operations_of(file));
}

void run(const GoldenFile& file, Context& context, Report& report) {
  check_operations(file, context, operations_of(file), report);
}

}  // namespace

const Kind kImageOperationsKind{.name = "image nodes", .matches = matches, .run = run};

}  // namespace golden
