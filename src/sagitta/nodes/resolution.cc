// Sizes to begin with.
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

#include <algorithm>
#include <cmath>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr double kPixelsPerMegapixel = 1024 * 1024;

struct Aspect {
  const char* name;
  int width;
  int height;
};
constexpr Aspect kAspects[] = {{"1:1 (Square)", 1, 1},
                               {"2:3 (Portrait Photo)", 2, 3},
                               {"3:2 (Photo)", 3, 2},
                               {"3:4 (Portrait Standard)", 3, 4},
                               {"4:3 (Standard)", 4, 3},
                               {"9:16 (Portrait Widescreen)", 9, 16},
                               {"16:9 (Widescreen)", 16, 9},
                               {"21:9 (Ultrawide)", 21, 9}};

std::vector<std::string> aspect_names() {
  std::vector<std::string> names;
  for (const Aspect& aspect : kAspects) names.emplace_back(aspect.name);
  return names;
}

NodeResult run_select(const NodeCall& call) {
  const std::string& name = call.text("aspect_ratio");
  const auto* const aspect =
      std::ranges::find_if(kAspects, [&](const Aspect& one) { return one.name == name; });
  require(aspect != std::end(kAspects), Fault::bad_input, "there is no aspect ratio \"{}\"", name);
  const std::int64_t multiple = call.integer("multiple");
  const double unit =
      std::sqrt(call.number("megapixels") * kPixelsPerMegapixel / (aspect->width * aspect->height));
  const auto side = [&](int share) {
    const double length = share * unit / static_cast<double>(multiple);
    return static_cast<std::int64_t>(std::nearbyint(length)) * multiple;
  };
  return {.values = {side(aspect->width), side(aspect->height)}};
}

graph::NodeDef resolution_selector() {
  return {.id = "ResolutionSelector",
          .display_name = "Resolution Selector",
          .category = "utilities",
          .description = "Width and height of an aspect ratio at a number of pixels.",
          .inputs = graph::inputs(
              graph::combo("aspect_ratio", aspect_names(), Json{{"default", kAspects[0].name}}),
              with_tip(float_widget("megapixels", 1.0, 0.1, 16.0, 0.1),
                       "In units of 1024 x 1024 pixels."),
              with_tip(advanced(int_widget("multiple", 8, 8, 128, 4)),
                       "Both sides become multiples of this.")),
          .outputs = {{.type = "INT", .name = "width"}, {.type = "INT", .name = "height"}},
          .style = graph::NodeStyle::schema,
          .run = run_select};
}

}  // namespace

std::vector<graph::NodeDef> resolution_nodes() { return {resolution_selector()}; }

}  // namespace sagitta::nodes
