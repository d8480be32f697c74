#include "cmd_compare.h"

#include "comparison.h"
#include "comparison_sheet.h"
#include "interrupt.h"
#include "options.h"
#include "output_files.h"
#include "progress.h"
#include "run_prompt.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/png.h"
#include "sagitta/nodes/all.h"
#include "sagitta/nodes/folders.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  GenerateSettings settings;
  std::string x;
  std::string y;
  std::string title;
  fs::path output = "compare.png";
  bool save_cells = false;
  FolderOptions folders;
  DeviceChoice device;
  Reporting reporting;
};

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

std::vector<CellResult> run(const Comparison& comparison, const graph::Registry& registry,
                            Engine& engine, const CompareOptions& options) {
  ProgressLine line(ProgressLine::standard_error());
  ComparisonRun run{.services = graph::ServicesRef::to(engine.services()),
                    .cancel = &catch_interrupts(),
                    .save_cells = options.save_cells,
                    .on_cell = {},
                    .on_progress = {}};
  if (!options.reporting.quiet) {
    run.on_cell = [&](std::size_t number, std::size_t count) {
      const std::string label = fmt::format("Picture {} of {}", number, count);
      number == 1 ? line.begin(label) : line.rename(label);
    };
    run.on_progress = [&](std::int64_t value, std::int64_t max) { line.update(value, max); };
  }
  try {
    std::vector<CellResult> results = run_comparison(comparison, registry, engine.services(), run);
    line.end();
    return results;
  } catch (...) {
    line.end();
    throw;
  }
}

// Cells are called by their place: sheet_cells/row1_column2.png.
void name_cells(const Comparison& comparison, std::vector<CellResult>& results,
                const fs::path& folder) {
  for (const std::size_t i : comparison.order) {
    const ComparedCell& cell = comparison.cells[i];
    give_name(results[i].files,
              folder / fmt::format("row{}_column{}.png", cell.row + 1, cell.column + 1));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i].files = results[comparison.cells[i].same_as].files;
  }
}

void compare(const CompareOptions& options, const IsGiven& is_given) {
  require(options.output.extension() == ".png", Fault::bad_input,
          "-o {}: the name of a picture ends in .png", options.output.string());
  const NamedSettings names(options.settings);
  Axis x = parse_axis(options.x, names);
  std::optional<Axis> y;
  if (!options.y.empty()) y = parse_axis(options.y, names);

  Engine engine(options.folders, options.device);
  nodes::Services& services = engine.services();
  const Comparison comparison =
      plan_comparison(options.settings, is_given, std::move(x), std::move(y), services);
  require_fitting_sheet(comparison);
  nodes::require_writable(folder_of(options.output));
  const fs::path cells = folder_of(options.output) / (options.output.stem().string() + "_cells");
  services.output_dir = cells;
  const graph::Registry registry = nodes::all_nodes();
  require_valid(comparison, registry, graph::ServicesRef::to(services));

  std::vector<CellResult> results = run(comparison, registry, engine, options);
  if (options.save_cells) name_cells(comparison, results, cells);
  const draw::Sheet sheet = comparison_sheet(comparison, results, options.title);
  fs::create_directories(folder_of(options.output));
  io::write_png(options.output, draw::contact_sheet(sheet));
  Json json = comparison_json(comparison, results, sheet, options.output);
  const auto dump = [](const Json& object) {
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  };
  io::write_file(fs::path(options.output).replace_extension(".json"), dump(json));
  if (options.reporting.json) {
    json["status"] = "success";
    fmt::print("{}", dump(json));
  } else {
    fmt::print("{}\n", options.output.string());
  }
}

}  // namespace

void add_compare_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command = app.add_subcommand(
      "compare", "Make a contact sheet of one prompt with other parameters, or of other prompts");
  const auto options = std::make_shared<CompareOptions>();
  command
      ->add_option(
          "--x", options->x,
          "What changes from column to column: an option below without its dashes, and its "
          "values, such as sag=0,0.25,0.5 or seed=1..4 or \"prompt=a cat|a dog\"")
      ->type_name("NAME=VALUES")
      ->required();
  command->add_option("--y", options->y, "What changes from row to row")->type_name("NAME=VALUES");
  add_generation_options(*command, options->settings);
  command->add_option("-o,--output", options->output, "The sheet; FILE.json beside it describes it")
      ->type_name("FILE.png")
      ->default_str("compare.png");
  command->add_option("--title", options->title, "Over the sheet; the prompt unless given")
      ->type_name("TEXT");
  command->add_flag("--save-cells", options->save_cells, "Keep each picture, too, in FILE_cells/");
  add_folder_options(*command, options->folders);
  add_device_options(*command, options->device);
  add_reporting_options(*command, options->reporting);
  command->callback([options, command, &code] {
    code = report_errors(options->reporting, [&] {
      compare(*options,
              [&](std::string_view name) { return command->count("--" + std::string(name)) > 0; });
    });
  });
}

}  // namespace sagitta::cli
