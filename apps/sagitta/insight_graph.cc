#include "insight_graph.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/order.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace sagitta::cli {
namespace {

using graph::Link;
using graph::PromptNode;

bool takes(const graph::NodeDef& def, std::string_view type) {
  return std::ranges::any_of(def.inputs, [&](const graph::Input& in) { return in.type == type; });
}

bool gives(const graph::NodeDef& def, std::string_view type) {
  return std::ranges::any_of(def.outputs,
                             [&](const graph::Output& out) { return out.type == type; });
}

bool is_sampler(const graph::NodeDef& def) {
  return gives(def, "LATENT") &&
         (takes(def, "GUIDER") || (takes(def, "MODEL") && takes(def, "CONDITIONING")));
}

std::string free_id(const graph::Prompt& prompt, const std::string& wish) {
  std::string id = wish;
  for (int i = 2; prompt.contains(id); ++i) id = fmt::format("{}_{}", wish, i);
  return id;
}

graph::NodeIds needed(const graph::Prompt& prompt, const graph::Registry& registry) {
  std::vector<std::string> outputs;
  for (const PromptNode& node : prompt.nodes()) {
    const graph::NodeDef* const def = registry.find(node.class_type);
    if (def != nullptr && def->output_node) outputs.push_back(node.id);
  }
  return graph::needed_by(prompt, outputs);
}

}  // namespace

void add_insight(graph::Prompt& prompt, const graph::Registry& registry, const std::string& title,
                 const InsightParams& params) {
  const graph::NodeIds wanted = needed(prompt, registry);
  std::vector<std::string> samplers;
  std::vector<std::pair<std::string, std::string>> models;  // node and input that take a model
  std::optional<Link> vae;  // the first that the workflow uses decodes the predictions
  for (const PromptNode& node : prompt.nodes()) {
    const graph::NodeDef* const def = registry.find(node.class_type);
    if (def == nullptr || !wanted.contains(node.id)) continue;
    for (const graph::Input& in : def->inputs) {
      const graph::InputValue* const value = in.type == "VAE" ? node.find(in.name) : nullptr;
      if (!vae && value != nullptr && std::holds_alternative<Link>(*value))
        vae = std::get<Link>(*value);
    }
    if (is_sampler(*def)) samplers.push_back(node.id);
    if (!is_sampler(*def) && !gives(*def, "GUIDER")) continue;
    for (const graph::Input& in : def->inputs) {
      if (in.type == "MODEL") models.emplace_back(node.id, in.name);
    }
  }
  require(!samplers.empty(), Fault::bad_input, "--insight: nothing samples in this workflow");

  std::map<Link, Link> watched;
  for (const auto& [id, input] : models) {
    const graph::InputValue* const value = prompt.find(id)->find(input);
    const Link* const link = value == nullptr ? nullptr : std::get_if<Link>(value);
    if (link == nullptr) continue;
    const Link model = *link;
    if (!watched.contains(model)) {
      const std::string watcher = free_id(prompt, "insight_" + model.node);
      PromptNode node{.id = watcher,
                      .class_type = "SelfAttentionInsight",
                      .title = "Insight",
                      .inputs = {{"model", model}}};
      for_each_field(params, [&](const auto& field, const auto& setting) {
        node.inputs.emplace_back(std::string(field.name), Json(setting));
      });
      prompt.add(std::move(node));
      watched[model] = {.node = watcher, .slot = 0};
    }
    prompt.find(id)->set(input, watched[model]);
  }
  for (const std::string& sampler : samplers) {
    PromptNode files{.id = free_id(prompt, "insight_files_" + sampler),
                     .class_type = "SaveSelfAttentionInsight",
                     .title = "Save Insight",
                     .inputs = {{"samples", Link{.node = sampler, .slot = 0}},
                                {"folder", Json(samplers.size() == 1 ? "." : "sampler_" + sampler)},
                                {"title", Json(title)}}};
    if (vae) files.inputs.emplace_back("vae", *vae);
    prompt.add(std::move(files));
  }
}

}  // namespace sagitta::cli
