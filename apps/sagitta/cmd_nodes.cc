#include "cmd_nodes.h"

#include "options.h"
#include "run_prompt.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/object_info.h"
#include "sagitta/nodes/all.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <map>
#include <memory>

namespace sagitta::cli {
namespace {

struct NodesOptions {
  std::string name;
  bool json = false;
  FolderOptions folders;
};

std::string joined(const std::vector<std::string>& entries) {
  std::string text;
  for (const std::string& entry : entries) text += (text.empty() ? "" : ", ") + entry;
  return text.empty() ? "nothing found" : text;
}

// "INT 1 to 10000, default 20" or "one of euler, heun".
std::string kind_text(const graph::Input& in, const graph::ServicesRef& services) {
  std::string text =
      in.type == graph::kCombo ? "one of " + joined(choices_of(in, services)) : in.type;
  const Json* const min = in.option("min");
  const Json* const max = in.option("max");
  if (min != nullptr && max != nullptr) text += fmt::format(" {} to {}", min->dump(), max->dump());
  if (const Json* const value = in.option("default")) text += ", default " + graph::brief(*value);
  if (in.section == graph::Section::optional) text += " (optional)";
  return text;
}

void run(const NodesOptions& options) {
  const graph::Registry registry = nodes::all_nodes();
  // Nothing computes here; the services are needed for lists of files.
  Engine engine(options.folders, {.device = "reference", .dtype = "f32"});
  const graph::ServicesRef services = graph::ServicesRef::to(engine.services());
  if (options.name.empty()) {
    fmt::print("{}", options.json ? graph::object_info(registry, services).dump(2) + "\n"
                                  : list_text(registry));
    return;
  }
  const graph::NodeDef* const node = registry.find(options.name);
  const std::string nearest = registry.nearest(options.name);
  require(node != nullptr, Fault::bad_input, "there is no node {}{}",
          graph::in_quotes(options.name),
          nearest.empty() ? "" : "; the nearest name is " + nearest);
  fmt::print("{}", options.json
                       ? Json{{node->id, graph::object_info(*node, services)}}.dump(2) + "\n"
                       : node_text(*node, services));
}

}  // namespace

std::string list_text(const graph::Registry& registry) {
  std::map<std::string, std::string> categories;
  for (const graph::NodeDef& node : registry.nodes()) {
    std::string& lines = categories[node.category];
    lines += fmt::format("  {:<32} {}\n", node.id,
                         node.display_name.empty() ? node.id : node.display_name);
  }
  std::string text;
  for (const auto& [category, lines] : categories) text += category + "\n" + lines;
  return text;
}

std::string node_text(const graph::NodeDef& node, const graph::ServicesRef& services) {
  std::string text = node.id;
  if (!node.display_name.empty() && node.display_name != node.id) text += ": " + node.display_name;
  text += "\n";
  if (!node.description.empty()) text += node.description + "\n";
  text += "\ninputs\n";
  for (const graph::Input& in : node.inputs) {
    if (in.section == graph::Section::hidden) continue;
    text += fmt::format("  {:<24} {}\n", in.name, kind_text(in, services));
    const Json* const tip = in.option("tooltip");
    if (tip != nullptr && tip->is_string())
      text += fmt::format("  {:<24}   {}\n", "", tip->get<std::string>());
  }
  text += "\noutputs\n";
  for (const graph::Output& out : node.outputs) {
    text += fmt::format("  {:<24} {}\n", out.name.empty() ? out.type : out.name, out.type);
  }
  return text;
}

void add_nodes_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command = app.add_subcommand("nodes", "List the nodes, or describe one of them");
  const auto options = std::make_shared<NodesOptions>();
  command->add_option("name", options->name, "The node to describe")->type_name("NAME");
  command->add_flag("--json", options->json, "Write the JSON of ComfyUI's GET /object_info");
  add_folder_options(*command, options->folders);
  command->callback(
      [options, &code] { code = report_errors({.json = options->json}, [&] { run(*options); }); });
}

}  // namespace sagitta::cli
