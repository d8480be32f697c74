// Scaling nodes: image{i}/{width}x{height}/{method}/{crop}, scale_by/{factor}/{method} and
// total_pixels/{megapixels}/steps{n}/{method} of image0.
#include "golden_runner/image_case.h"
#include "golden_runner/name_parts.h"

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Fault;
using sagitta::require;

Array run_scale(const ImageCase& one) {
  require(one.parts.size() == 4, Fault::bad_file, "the name should be image/size/method/crop");
  const std::string_view size = one.parts[1];
  return one.node("ImageScale",
                  {{"upscale_method", one.parts[2]},
                   {"width", integer_in(size, "")},
                   {"height", integer_in(size.substr(size.find('x') + 1), "")},
                   {"crop", one.parts[3]}},
                  {{"image", one.input(one.parts[0])}});
}

Array run_scale_by(const ImageCase& one) {
  return one.node("ImageScaleBy",
                  {{"upscale_method", one.last()}, {"scale_by", number_in(one.parts.at(1), "")}},
                  {{"image", one.input("image0")}});
}

Array run_total_pixels(const ImageCase& one) {
  return one.node("ImageScaleToTotalPixels",
                  {{"upscale_method", one.last()},
                   {"megapixels", number_in(one.parts.at(1), "")},
                   {"resolution_steps", integer_in(one.parts.at(2), "steps")}},
                  {{"image", one.input("image0")}});
}

constexpr ImageOperation kOperations[] = {{.name = "scale_by", .run = run_scale_by},
                                          {.name = "total_pixels", .run = run_total_pixels}};

// The sources themselves are operations, too: their names begin the names of the results.
std::vector<ImageOperation> operations_of(const GoldenFile& file) {
  std::vector<ImageOperation> all(std::begin(kOperations), std::end(kOperations));
  for (const auto& [name, tensor] : file.tensors) {
    const std::string_view first = name_parts(name).front();
    if (first.starts_with("image") && first != name && file.has(first)) {
      all.push_back({.name = first, .run = run_scale, .named_after_input = true});
    }
  }
  return all;
}

bool matches(const GoldenFile& file) {
  return file.folder == "images" && file.has("image0") && !operations_of(file).empty() &&
         has_operation(file, operations_of(file));
}

void run(const GoldenFile& file, Context& context, Report& report) {
  check_operations(file, context, operations_of(file), report);
}

}  // namespace

const Kind kImageScaleKind{.name = "scaled pictures", .matches = matches, .run = run};

}  // namespace golden
