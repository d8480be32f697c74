#include "cmd_run.h"

#include "insight_graph.h"
#include "insight_options.h"
#include "options.h"
#include "output_files.h"
#include "parameters_workflow.h"
#include "run_prompt.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/set_input.h"
#include "sagitta/io/file.h"
#include "sagitta/io/picture_text.h"
#include "sagitta/io/picture_write.h"
#include "sagitta/nodes/all.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::cli {
namespace {

struct RunOptions {
  std::filesystem::path workflow;
  std::vector<std::string> changes;
  InsightOptions insight;
  bool no_metadata = false;
  FolderOptions folders;
  DeviceChoice device;
  Reporting reporting;
};

// In a file of its own, text that is not JSON is a broken file rather than a wrong value.
Json parse_file(const std::string& text, const std::string& what) {
  try {
    return graph::parse_json(text, what);
  } catch (const Error& error) {
    throw Error(Fault::bad_file, error.what());
  }
}

std::string_view format_name(io::PictureFormat format) {
  switch (format) {
    case io::PictureFormat::png:
      return "PNG";
    case io::PictureFormat::jpeg:
      return "JPEG";
    case io::PictureFormat::webp:
      return "WebP";
  }
  throw Error(Fault::internal, "no such format of pictures");
}

// JSON may have any name, but of what is neither JSON nor a picture the name says what was meant.
Json parse_named(const std::string& text, const std::filesystem::path& path) {
  try {
    return parse_file(text, path.string());
  } catch (const Error&) {
    const std::optional<io::PictureFormat> format = io::format_of(path);
    if (!format) throw;
    throw Error(Fault::bad_file,
                fmt::format("{}: not a {} picture, whatever its name says, nor a workflow in JSON",
                            path.string(), format_name(*format)));
  }
}

graph::Workflow from_picture(const std::string& bytes, const std::string& name,
                             const graph::Registry& registry, const graph::ServicesRef& services) {
  const std::map<std::string, std::string> texts =
      io::decode_picture_text(io::bytes_of(bytes), name);
  const auto prompt = texts.find("prompt");
  const auto drawing = texts.find("workflow");
  if (prompt == texts.end() && drawing == texts.end()) {
    const auto parameters = texts.find("parameters");
    require(parameters != texts.end(), Fault::bad_file,
            "{}: the picture carries no workflow (no text \"prompt\", \"workflow\" or "
            "\"parameters\")",
            name);
    return workflow_from_parameters(parameters->second, name, services);
  }
  if (prompt == texts.end()) {
    return graph::parse_workflow(parse_file(drawing->second, name + ", text workflow"), registry,
                                 services);
  }
  graph::Workflow workflow =
      graph::parse_workflow(parse_file(prompt->second, name + ", text prompt"), registry, services);
  if (drawing != texts.end()) {
    workflow.extra_pnginfo =
        Json{{"workflow", parse_file(drawing->second, name + ", text workflow")}};
  }
  return workflow;
}

void run(const RunOptions& options) {
  const graph::Registry registry = nodes::all_nodes();
  Engine engine(options.folders, options.device);
  const graph::ServicesRef services = graph::ServicesRef::to(engine.services());
  graph::Workflow workflow = read_workflow(options.workflow, registry, services);
  for (const std::string& change : options.changes)
    graph::set_input(workflow.prompt, change, registry);
  if (!options.insight.folder.empty()) {
    engine.services().insight_dir = options.insight.folder;
    add_insight(workflow.prompt, registry, options.workflow.filename().string(),
                options.insight.params);
  }
  run_prompt(workflow, registry, engine, options.reporting,
             [&](const std::vector<std::filesystem::path>& files) {
               if (options.no_metadata) remove_texts(files);
             });
}

}  // namespace

graph::Workflow read_workflow(const std::filesystem::path& path, const graph::Registry& registry,
                              const graph::ServicesRef& services) {
  const std::string bytes = io::read_file(path);
  if (io::is_picture(io::bytes_of(bytes))) {
    return from_picture(bytes, path.string(), registry, services);
  }
  return graph::parse_workflow(parse_named(bytes, path), registry, services);
}

void add_run_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command = app.add_subcommand(
      "run",
      "Run a workflow: ComfyUI's JSON in either form, or a picture that carries one or A1111's "
      "parameters");
  const auto options = std::make_shared<RunOptions>();
  command->add_option("workflow", options->workflow, "The workflow or picture")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--set", options->changes,
                   "Change an input before running, e.g. 3.seed=5 or \"KSampler.cfg=7\"; the node "
                   "is given by "
                   "id, title or class; may be given several times")
      ->type_name("NODE.INPUT=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  add_insight_options(*command, options->insight);
  command->add_flag("--no-metadata", options->no_metadata,
                    "Save pictures without the workflow and parameters that made them");
  add_folder_options(*command, options->folders);
  add_device_options(*command, options->device);
  add_reporting_options(*command, options->reporting);
  command->callback(
      [options, &code] { code = report_errors(options->reporting, [&] { run(*options); }); });
}

}  // namespace sagitta::cli
