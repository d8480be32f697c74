#include "sagitta/nodes/sampling_inputs.h"

#include "sagitta/diffusion/preview.h"
#include "sagitta/diffusion/schedule.h"

#include <limits>

namespace sagitta::nodes {
namespace {

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

}  // namespace

graph::Input sample_widget(std::string_view field, std::string_view name) {
  for (graph::Input& input : graph::widgets<SampleParams>()) {
    if (input.name != field) continue;
    if (!name.empty()) input.name = name;
    return std::move(input);
  }
  throw Error(Fault::internal, fmt::format("SampleParams has no field '{}'", field));
}

graph::Input seed_widget(std::string_view name) {
  graph::Input input = sample_widget("seed", name);
  input.options = Json{{"default", 0},
                       {"min", 0},
                       {"max", std::numeric_limits<std::uint64_t>::max()},
                       {"control_after_generate", true},
                       {"tooltip", (*input.options)["tooltip"]}};
  return input;
}

graph::Input sampler_choice(std::optional<Json> options) {
  return graph::combo("sampler_name", names_of(samplers()), std::move(options));
}

graph::Input scheduler_choice(std::optional<Json> options) {
  return graph::combo("scheduler", names_of(schedulers()), std::move(options));
}

std::vector<graph::Input> with_look(std::vector<graph::Input> inputs, const WidgetLook& look) {
  for (graph::Input& input : inputs) {
    const bool is_float = input.type == "FLOAT";
    const bool is_count = input.name == "steps";
    if (look.advanced && !is_count) (*input.options)["advanced"] = true;
    if (look.exact && is_float) (*input.options)["round"] = false;
  }
  return inputs;
}

RunCallback show_progress(const graph::NodeCall& call, const Model& model) {
  return [&call, &model](const RunReport& report) {
    call.progress(report.done, report.total,
                  Preview{.model = &model, .denoised = &report.denoised});
  };
}

}  // namespace sagitta::nodes
