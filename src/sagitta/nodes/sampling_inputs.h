// Inputs that the nodes around sampling share, and how they show their progress.
#pragma once

#include "sagitta/diffusion/sample.h"
#include "sagitta/graph/widgets.h"

#include <optional>
#include <string_view>
#include <vector>

namespace sagitta::nodes {

// One widget of SampleParams, under another name if one is given.
[[nodiscard]] graph::Input sample_widget(std::string_view field, std::string_view name = {});
// A seed that the drawing program changes after each run.
[[nodiscard]] graph::Input seed_widget(std::string_view name);
// The names of all samplers and schedulers: "sampler_name" and "scheduler".
[[nodiscard]] graph::Input sampler_choice(std::optional<Json> options = std::nullopt);
[[nodiscard]] graph::Input scheduler_choice(std::optional<Json> options = std::nullopt);

// How options of samplers and schedules are offered.
struct WidgetLook {
  bool advanced = true;
  bool exact = true;  // a FLOAT is not rounded to its step
};
[[nodiscard]] std::vector<graph::Input> with_look(std::vector<graph::Input> inputs,
                                                  const WidgetLook& look);
template <class Params>
[[nodiscard]] std::vector<graph::Input> option_widgets(const WidgetLook& look = {}) {
  return with_look(graph::widgets<Params>(), look);
}

// Reports every prediction of a run of this model to whoever watches the node. Both references must
// outlive the callback.
[[nodiscard]] RunCallback show_progress(const graph::NodeCall& call, const Model& model);

}  // namespace sagitta::nodes
