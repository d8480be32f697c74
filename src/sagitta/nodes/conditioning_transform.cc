// Conditionings combined, mixed, and bound to a part of the picture or of the schedule.
#include "sagitta/diffusion/conditioning_mix.h"
#include "sagitta/image/batch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kPixelsPerCell = 8;
constexpr std::int64_t kSmallestArea = 64;  // pixels
constexpr double kMostStrength = 10;

const Conditioning& entries_of(const NodeCall& call, std::string_view input) {
  return call.get<Conditioning>(input);
}

// A node that makes the same change to every entry of its input `conditioning`.
graph::NodeDef entry_node(graph::NodeDef def, std::vector<graph::Input> widgets,
                          std::function<void(const NodeCall&, ConditioningEntry&)> change) {
  def.category = "model/conditioning/transform";
  def.inputs = graph::inputs(graph::socket("conditioning", "CONDITIONING"), std::move(widgets));
  def.outputs = {{.type = "CONDITIONING"}};
  def.run = [change = std::move(change)](const NodeCall& call) -> NodeResult {
    Conditioning conditioning = entries_of(call, "conditioning");
    for (ConditioningEntry& entry : conditioning) change(call, entry);
    return {.values = {std::move(conditioning)}};
  };
  return def;
}

graph::NodeDef pair_node(graph::NodeDef def, const char* first, const char* second) {
  def.category = "model/conditioning/transform";
  def.inputs = graph::inputs(graph::socket(first, "CONDITIONING"), graph::socket(second, "CONDITIONING"));
  def.outputs = {{.type = "CONDITIONING"}};
  return def;
}

graph::Input strength_widget() { return float_widget("strength", 1.0, 0.0, kMostStrength, 0.01); }

graph::NodeDef combine() {
  graph::NodeDef def = pair_node({.id = "ConditioningCombine",
                                  .display_name = "Conditioning (Combine)",
                                  .description = "Both conditionings side by side; their predictions are averaged."},
                                 "conditioning_1", "conditioning_2");
  def.run = [](const NodeCall& call) -> NodeResult {
    Conditioning all = entries_of(call, "conditioning_1");
    const Conditioning& more = entries_of(call, "conditioning_2");
    all.insert(all.end(), more.begin(), more.end());
    return {.values = {std::move(all)}};
  };
  return def;
}

graph::NodeDef concat() {
  graph::NodeDef def = pair_node({.id = "ConditioningConcat",
                                  .display_name = "Conditioning (Concat)",
                                  .description = "The tokens of the second behind those of the first."},
                                 "conditioning_to", "conditioning_from");
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {concatenate(entries_of(call, "conditioning_to"),
                                   entries_of(call, "conditioning_from"))}};
  };
  return def;
}

graph::NodeDef weighted_average() {
  graph::NodeDef def = pair_node({.id = "ConditioningAverage",
                                  .display_name = "Conditioning (Average)",
                                  .description = "A weighted mean of two text conditionings."},
                                 "conditioning_to", "conditioning_from");
  def.inputs.push_back(float_widget("conditioning_to_strength", 1.0, 0.0, 1.0, 0.01));
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {average(entries_of(call, "conditioning_to"),
                               entries_of(call, "conditioning_from"),
                               call.number("conditioning_to_strength"))}};
  };
  return def;
}

graph::NodeDef zero() {
  graph::NodeDef def{.id = "ConditioningZeroOut",
                     .display_name = "Conditioning Zero Out",
                     .category = "model/conditioning/transform",
                     .description = "A conditioning of the same shape that says nothing.",
                     .inputs = {graph::socket("conditioning", "CONDITIONING")},
                     .outputs = {{.type = "CONDITIONING"}}};
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {zero_out(entries_of(call, "conditioning"))}};
  };
  return def;
}

graph::NodeDef multiplied() {
  graph::NodeDef def{.id = "ConditioningMultiply",
                     .display_name = "Conditioning (Multiply)",
                     .category = "model/conditioning/transform",
                     .description = "The numbers of a conditioning times a factor.",
                     .inputs = graph::inputs(graph::socket("conditioning", "CONDITIONING"),
                                             float_widget("multiplier", 1.0, -100.0, 100.0, 0.01)),
                     .outputs = {{.type = "CONDITIONING"}}};
  def.run = [](const NodeCall& call) -> NodeResult {
    return {.values = {multiply(entries_of(call, "conditioning"),
                                static_cast<float>(call.number("multiplier")))}};
  };
  return def;
}

graph::NodeDef set_area() {
  const auto cells = [](const NodeCall& call, const char* side) {
    return static_cast<double>(call.integer(side) / kPixelsPerCell);
  };
  return entry_node(
      {.id = "ConditioningSetArea",
       .display_name = "Conditioning (Set Area)",
       .description = "Lets the conditioning act in a rectangle, given in pixels."},
      graph::inputs(int_widget("width", kSmallestArea, kSmallestArea, kMostPixels, kPixelsPerCell),
                    int_widget("height", kSmallestArea, kSmallestArea, kMostPixels, kPixelsPerCell),
                    int_widget("x", 0, 0, kMostPixels, kPixelsPerCell),
                    int_widget("y", 0, 0, kMostPixels, kPixelsPerCell), strength_widget()),
      [cells](const NodeCall& call, ConditioningEntry& entry) {
        entry.area = AreaSpec{.height = cells(call, "height"),
                              .width = cells(call, "width"),
                              .y = cells(call, "y"),
                              .x = cells(call, "x")};
        entry.strength = static_cast<float>(call.number("strength"));
        entry.mask_bounds = false;
      });
}

graph::NodeDef set_area_percentage() {
  return entry_node({.id = "ConditioningSetAreaPercentage",
                     .display_name = "Conditioning (Set Area with Percentage)",
                     .description = "Lets the conditioning act in a rectangle, given in fractions of the picture."},
                    graph::inputs(float_widget("width", 1.0, 0, 1.0, 0.01),
                                  float_widget("height", 1.0, 0, 1.0, 0.01),
                                  float_widget("x", 0, 0, 1.0, 0.01), float_widget("y", 0, 0, 1.0, 0.01),
                                  strength_widget()),
                    [](const NodeCall& call, ConditioningEntry& entry) {
                      entry.area = AreaSpec{.height = call.number("height"),
                                            .width = call.number("width"),
                                            .y = call.number("y"),
                                            .x = call.number("x"),
                                            .percentage = true};
                      entry.strength = static_cast<float>(call.number("strength"));
                      entry.mask_bounds = false;
                    });
}

graph::NodeDef set_area_strength() {
  return entry_node({.id = "ConditioningSetAreaStrength",
                     .display_name = "Conditioning (Set Area Strength)",
                     .description = "How much the conditioning counts beside others."},
                    {strength_widget()}, [](const NodeCall& call, ConditioningEntry& entry) {
                      entry.strength = static_cast<float>(call.number("strength"));
                    });
}

graph::NodeDef set_mask() {
  return entry_node({.id = "ConditioningSetMask",
                     .display_name = "Conditioning (Set Mask)",
                     .description = "Lets the conditioning act where the mask is; optionally only the mask's box is evaluated."},
                    graph::inputs(graph::socket("mask", "MASK"), strength_widget(),
                                  graph::combo("set_cond_area", {"default", "mask bounds"})),
                    [](const NodeCall& call, ConditioningEntry& entry) {
                      entry.mask = std::make_shared<const Array>(as_mask(call.get<Array>("mask")));
                      entry.mask_strength = static_cast<float>(call.number("strength"));
                      entry.mask_bounds = call.text("set_cond_area") != "default";
                    });
}

graph::NodeDef set_timestep_range() {
  return entry_node({.id = "ConditioningSetTimestepRange",
                     .description = "Lets the conditioning act in a part of the schedule."},
                    graph::inputs(float_widget("start", 0.0, 0.0, 1.0, 0.001),
                                  float_widget("end", 1.0, 0.0, 1.0, 0.001)),
                    [](const NodeCall& call, ConditioningEntry& entry) {
                      entry.start_percent = call.number("start");
                      entry.end_percent = call.number("end");
                    });
}

}  // namespace

std::vector<graph::NodeDef> conditioning_transform_nodes() {
  return {weighted_average(),    combine(),           concat(),
          set_area(),            set_area_percentage(), set_area_strength(),
          set_mask(),            set_timestep_range(), zero(),
          multiplied()};
}

}  // namespace sagitta::nodes
