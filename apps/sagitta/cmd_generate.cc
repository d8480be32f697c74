#include "cmd_generate.h"

#include "generate_options.h"
#include "insight_graph.h"
#include "insight_options.h"
#include "options.h"
#include "output_files.h"
#include "run_prompt.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/nodes/all.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;

struct GenerateOptions {
  GenerateSettings settings;
  fs::path output;         // of -o; empty: the output folder
  fs::path save_workflow;  // empty: not written
  InsightOptions insight;
  bool no_metadata = false;
  FolderOptions folders;
  DeviceChoice device;
  Reporting reporting;
};

void generate(const GenerateOptions& options, const IsGiven& is_given) {
  require_use(options.settings, is_given);
  Engine engine(options.folders, options.device);
  Generation generation = resolve(options.settings, is_given, engine.services());
  if (!options.output.empty()) {
    static_cast<void>(picture_format(options.output));
    engine.services().output_dir =
        options.output.has_parent_path() ? options.output.parent_path() : ".";
    generation.filename_prefix = options.output.stem().string();
  }
  graph::Workflow workflow{.prompt = generation_graph(generation), .extra_pnginfo = {}};
  if (!options.save_workflow.empty()) {
    io::write_file(options.save_workflow, graph::to_json(workflow.prompt).dump(2) + "\n");
  }
  const graph::Registry registry = nodes::all_nodes();
  if (!options.insight.folder.empty()) {
    engine.services().insight_dir = options.insight.folder;
    add_insight(workflow.prompt, registry, generation.prompt, options.insight.params);
  }
  run_prompt(workflow, registry, engine, options.reporting, [&](std::vector<fs::path>& files) {
    if (options.no_metadata) remove_texts(files);
    if (!options.output.empty()) give_name(files, options.output);
  });
}

}  // namespace

void add_generate_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command = app.add_subcommand("generate", "Make pictures from a prompt");
  const auto options = std::make_shared<GenerateOptions>();
  add_generation_options(*command, options->settings);
  command
      ->add_option("-o,--output", options->output,
                   "The picture's file, .png, .jpg or .webp; without it, a numbered PNG in the "
                   "output folder")
      ->type_name("FILE");
  command->add_option("--save-workflow", options->save_workflow, "Write the graph as JSON, too")
      ->type_name("FILE.json");
  add_insight_options(*command, options->insight);
  command->add_flag("--no-metadata", options->no_metadata,
                    "Save pictures without the workflow and parameters that made them");
  add_folder_options(*command, options->folders);
  add_device_options(*command, options->device);
  add_reporting_options(*command, options->reporting);
  command->callback([options, command, &code] {
    code = report_errors(options->reporting, [&] {
      generate(*options,
               [&](std::string_view name) { return command->count("--" + std::string(name)) > 0; });
    });
  });
}

}  // namespace sagitta::cli
