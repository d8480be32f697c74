// Conditionings, alone or in pairs of positive and negative, that are bound to masks and ranges and
// put together in one step. Upstream's nodes take hooks beside these, which sagitta does not make.
#include "sagitta/diffusion/conditioning.h"
#include "sagitta/image/batch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

#include <utility>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kConditioning = "CONDITIONING";
constexpr const char* kRange = "TIMESTEPS_RANGE";

// Part of the schedule: what the type TIMESTEPS_RANGE is.
struct TimestepsRange {
  double start = 0;
  double end = 1;
};

// One conditioning of a node: the input that keeps as it is, if there is one, the input that changes,
// and the output.
struct Slot {
  const char* kept = nullptr;
  const char* changed = nullptr;
  const char* output = "";
};

using Change = std::function<void(const NodeCall&, ConditioningEntry&)>;

// A node that changes the entries of some conditionings and adds them to others.
graph::NodeDef combining(graph::NodeDef def, std::vector<Slot> slots,
                         std::vector<graph::Input> more, Change change) {
  def.category = slots.size() > 1 ? "advanced/hooks/cond pair" : "advanced/hooks/cond single";
  def.python_module = "comfy_extras.nodes_hooks";
  for (const Slot& slot : slots) {
    if (slot.kept != nullptr) def.inputs.push_back(graph::socket(slot.kept, kConditioning));
  }
  for (const Slot& slot : slots) {
    def.inputs.push_back(graph::socket(slot.changed, kConditioning));
    def.outputs.push_back({.type = kConditioning, .name = slot.output});
  }
  def.inputs = graph::inputs(std::move(def.inputs), std::move(more));
  def.run = [slots = std::move(slots), change = std::move(change)](const NodeCall& call) {
    NodeResult result;
    for (const Slot& slot : slots) {
      Conditioning all;
      if (slot.kept != nullptr) all = call.get<Conditioning>(slot.kept);
      for (ConditioningEntry entry : call.get<Conditioning>(slot.changed)) {
        change(call, entry);
        all.push_back(std::move(entry));
      }
      result.values.emplace_back(std::move(all));
    }
    return result;
  };
  return def;
}

graph::Input hooks() { return graph::optional(graph::socket("hooks", "HOOKS")); }

std::vector<graph::Input> property_inputs() {
  return graph::inputs(
      with_tip(float_widget("strength", 1.0, 0.0, 10.0, 0.01), "How much counts where the mask is."),
      graph::combo("set_cond_area", {"default", "mask bounds"}),
      graph::optional(graph::socket("mask", "MASK")), hooks(),
      graph::optional(graph::socket("timesteps", kRange)));
}

// The strength is that of the mask; without a mask it says nothing, as upstream has it.
void set_properties(const NodeCall& call, ConditioningEntry& entry) {
  if (const auto* mask = call.find<Array>("mask")) {
    entry.mask = std::make_shared<const Array>(as_mask(*mask));
    entry.mask_strength = static_cast<float>(call.number("strength"));
    entry.mask_bounds = call.text("set_cond_area") != "default";
  }
  if (const auto* range = call.find<TimestepsRange>("timesteps")) {
    entry.start_percent = range->start;
    entry.end_percent = range->end;
  }
}

void act_elsewhere(const NodeCall&, ConditioningEntry& entry) { entry.elsewhere = true; }

graph::NodeDef timesteps_range() {
  return {.id = "ConditioningTimestepsRange",
          .display_name = "Timesteps Range",
          .category = "advanced/hooks",
          .description = "A part of the schedule, and what lies before and behind it.",
          .inputs = graph::inputs(float_widget("start_percent", 0.0, 0.0, 1.0, 0.001),
                                  float_widget("end_percent", 1.0, 0.0, 1.0, 0.001)),
          .outputs = {{.type = kRange, .name = kRange},
                      {.type = kRange, .name = "BEFORE_RANGE"},
                      {.type = kRange, .name = "AFTER_RANGE"}},
          .python_module = "comfy_extras.nodes_hooks",
          .run = [](const NodeCall& call) -> NodeResult {
            const double start = call.number("start_percent");
            const double end = call.number("end_percent");
            return {.values = {TimestepsRange{start, end}, TimestepsRange{0, start},
                               TimestepsRange{end, 1}}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> conditioning_pair_nodes() {
  constexpr const char* kProperties = "Binds conditionings to a mask and a part of the schedule.";
  constexpr const char* kAdd = "Adds conditionings that are bound to a mask and a part of the schedule.";
  constexpr const char* kElsewhere = "Adds conditionings that act where no other one does.";
  return {
      combining({.id = "PairConditioningSetProperties",
                 .display_name = "Cond Pair Set Props",
                 .description = kProperties},
                {{nullptr, "positive_NEW", "positive"}, {nullptr, "negative_NEW", "negative"}},
                property_inputs(), set_properties),
      combining({.id = "PairConditioningSetPropertiesAndCombine",
                 .display_name = "Cond Pair Set Props Combine",
                 .description = kAdd},
                {{"positive", "positive_NEW", "positive"}, {"negative", "negative_NEW", "negative"}},
                property_inputs(), set_properties),
      combining({.id = "ConditioningSetProperties",
                 .display_name = "Cond Set Props",
                 .description = kProperties},
                {{nullptr, "cond_NEW"}}, property_inputs(), set_properties),
      combining({.id = "ConditioningSetPropertiesAndCombine",
                 .display_name = "Cond Set Props Combine",
                 .description = kAdd},
                {{"cond", "cond_NEW"}}, property_inputs(), set_properties),
      combining({.id = "PairConditioningSetDefaultCombine",
                 .display_name = "Cond Pair Set Default Combine",
                 .description = kElsewhere},
                {{"positive", "positive_DEFAULT", "positive"}, {"negative", "negative_DEFAULT", "negative"}},
                {hooks()}, act_elsewhere),
      combining({.id = "ConditioningSetDefaultCombine",
                 .display_name = "Cond Set Default Combine",
                 .description = kElsewhere},
                {{"cond", "cond_DEFAULT"}}, {hooks()}, act_elsewhere),
      combining({.id = "PairConditioningCombine",
                 .display_name = "Cond Pair Combine",
                 .description = "Two pairs of conditionings side by side."},
                {{"positive_A", "positive_B", "positive"}, {"negative_A", "negative_B", "negative"}}, {},
                [](const NodeCall&, ConditioningEntry&) {}),
      timesteps_range()};
}

}  // namespace sagitta::nodes
