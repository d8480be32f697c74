#include "sagitta/graph/validate.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/check_inputs.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/order.h"

#include <algorithm>

namespace sagitta::graph {
namespace {

Issue node_issue(const PromptNode& node, std::string type, std::string message,
                 std::string details) {
  return {.node_id = node.id,
          .class_type = node.class_type,
          .title = node.title,
          .input = {},
          .type = std::move(type),
          .message = std::move(message),
          .details = std::move(details),
          .extra_info = Json::object()};
}

Issue unknown_type(const PromptNode& node, const Registry& registry) {
  if (node.class_type.empty()) {
    Issue issue = node_issue(node, "missing_node_type", "Node has no class_type", "");
    issue.details = fmt::format("Node ID '#{}'", escaped(node.id));
    return issue;
  }
  const std::string nearest = registry.nearest(node.class_type);
  const std::string hint =
      nearest.empty() ? "" : fmt::format("; the nearest known type is {}", nearest);
  return node_issue(node, "missing_node_type",
                    fmt::format("Node type {} is not known", in_quotes(node.class_type)),
                    fmt::format("Node ID '#{}'{}", escaped(node.id), hint));
}

Issue cycle_issue(const Prompt& prompt, const std::vector<std::string>& cycle) {
  constexpr std::size_t kMost = 20;
  std::string path;
  for (std::size_t i = 0; i < std::min(cycle.size(), kMost); ++i)
    path += escaped(cycle[i]) + " -> ";
  path += cycle.size() > kMost ? "..." : escaped(cycle.front());
  return node_issue(*prompt.find(cycle.front()), "dependency_cycle",
                    "The nodes depend on each other in a cycle", path);
}

}  // namespace

Validation validate(const Prompt& prompt, const Registry& registry, const ServicesRef& services) {
  const DependencyOrder order = dependency_order(prompt);
  std::vector<std::string> outputs;
  for (const PromptNode& node : prompt.nodes()) {
    const NodeDef* const def = registry.find(node.class_type);
    if (def != nullptr && def->output_node) outputs.push_back(node.id);
  }
  const NodeIds needed = needed_by(prompt, outputs);

  Validation validation;
  NodeIds bad;
  const auto file = [&](Issue issue) {
    bad.insert(issue.node_id);
    const bool counts =
        outputs.empty() || needed.contains(issue.node_id) || issue.type == "missing_node_type";
    (counts ? validation.issues : validation.unused).push_back(std::move(issue));
  };
  InputChecker checker(prompt, registry, services);
  for (const PromptNode& node : prompt.nodes()) {
    const NodeDef* const def = registry.find(node.class_type);
    if (def == nullptr) {
      file(unknown_type(node, registry));
      continue;
    }
    std::vector<Issue> issues;
    checker.check(node, *def, issues);
    for (Issue& issue : issues) file(std::move(issue));
  }
  for (const std::vector<std::string>& cycle : order.cycles) file(cycle_issue(prompt, cycle));
  if (outputs.empty()) {
    validation.issues.push_back({.node_id = {},
                                 .class_type = {},
                                 .title = {},
                                 .input = {},
                                 .type = "prompt_no_outputs",
                                 .message = "Prompt has no outputs",
                                 .details = "no node of the workflow saves or shows anything",
                                 .extra_info = Json::object()});
  }
  const NodeIds spoiled = Dependents(prompt).of(bad);
  for (const std::string& id : outputs) {
    if (!spoiled.contains(id)) validation.outputs.push_back(id);
  }
  return validation;
}

std::string to_text(const Issue& issue) {
  std::string text;
  if (!issue.node_id.empty()) {
    text = label(
        {.id = issue.node_id, .class_type = issue.class_type, .title = issue.title, .inputs = {}});
    if (!issue.input.empty()) text += fmt::format(", input \"{}\"", issue.input);
    text += ": ";
  }
  text += issue.message;
  if (!issue.details.empty() && issue.details != issue.input) text += " (" + issue.details + ")";
  return text;
}

void require_valid(const Validation& validation) {
  if (validation.ok()) return;
  std::vector<Issue> all = validation.issues;
  all.insert(all.end(), validation.unused.begin(), validation.unused.end());
  std::string text = "the workflow cannot run";
  if (all.size() == 1) {
    text += ": " + to_text(all.front());
  } else {
    text += fmt::format(", for {} reasons:", all.size());
    for (const Issue& issue : all) {
      text += "\n  ";
      text += to_text(issue);
    }
  }
  throw Error(Fault::bad_input, text);
}

Json error_json(const Validation& validation, const Prompt& prompt, const Registry& registry) {
  const Dependents dependents_on(prompt);
  Json nodes = Json::object();
  std::string all;
  const Issue* unknown = nullptr;
  const Issue* no_outputs = nullptr;
  for (const Issue& issue : validation.issues) {
    if (!all.empty()) all += '\n';
    all += to_text(issue);
    if (issue.type == "missing_node_type" && unknown == nullptr) unknown = &issue;
    if (issue.node_id.empty()) {
      no_outputs = &issue;
      continue;
    }
    Json& node = nodes[issue.node_id];
    if (node.is_null()) {
      Json dependents = Json::array();
      for (const std::string& id : dependents_on.of({issue.node_id})) {
        const NodeDef* const def = registry.find(prompt.find(id)->class_type);
        if (def != nullptr && def->output_node) dependents.push_back(id);
      }
      node = Json{{"errors", Json::array()},
                  {"dependent_outputs", std::move(dependents)},
                  {"class_type", issue.class_type}};
    }
    node["errors"].push_back(Json{{"type", issue.type},
                                  {"message", issue.message},
                                  {"details", issue.details},
                                  {"extra_info", issue.extra_info}});
  }
  Json error{{"type", "prompt_outputs_failed_validation"},
             {"message", "Prompt outputs failed validation"},
             {"details", all},
             {"extra_info", Json::object()}};
  if (unknown != nullptr) {
    error["type"] = unknown->type;
    error["message"] = unknown->message;
    error["extra_info"] = Json{{"node_id", unknown->node_id},
                               {"class_type", unknown->class_type},
                               {"node_title", unknown->title}};
  } else if (no_outputs != nullptr) {
    error["type"] = no_outputs->type;
    error["message"] = no_outputs->message;
  }
  return {{"error", std::move(error)}, {"node_errors", std::move(nodes)}};
}

}  // namespace sagitta::graph
