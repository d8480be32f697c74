#include "cmd_generate.h"

#include "embedded_model.h"
#include "field_options.h"
#include "generate_graph.h"
#include "insight_graph.h"
#include "options.h"
#include "parse_size.h"
#include "run_prompt.h"
#include "sagitta/diffusion/samplers/sampler.h"
#include "sagitta/diffusion/schedule.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/nodes/all.h"
#include "sagitta/nodes/folders.h"

#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

namespace sagitta::cli {
namespace {

namespace fs = std::filesystem;

struct GenerateOptions {
  Generation generation;
  std::string size;        // empty: the model's own
  fs::path output;         // of -o; empty: the output folder
  fs::path save_workflow;  // empty: not written
  fs::path insight;        // folder; empty: nothing is watched
  FolderOptions folders;
  DeviceChoice device;
  Reporting reporting;
};

// What the user left open: the embedded model and what suits it, or the size that suits the model.
void fill_in(GenerateOptions& options, const CLI::App& command, const nodes::Services& services) {
  Generation& generation = options.generation;
  if (generation.model.empty()) {
    generation.model = kEmbeddedModel;
    const SampleParams suited = embedded_sampling();
    SampleParams& sampling = generation.sampling;
    if (command.count("--sampler") == 0) sampling.sampler = suited.sampler;
    if (command.count("--scheduler") == 0) sampling.scheduler = suited.scheduler;
    if (command.count("--steps") == 0) sampling.steps = suited.steps;
    if (command.count("--cfg") == 0) sampling.cfg = suited.cfg;
  }
  if (options.size.empty()) {
    std::tie(generation.width, generation.height) =
        native_size(nodes::find_model(services, "checkpoints", generation.model.string()));
    return;
  }
  const auto size = parse_size(options.size);
  require(size.has_value(), Fault::bad_input,
          "--size {}: expected width and height in pixels, such as 512x768", options.size);
  std::tie(generation.width, generation.height) = *size;
}

// Where picture `index` of `count` goes: out.png, or out_1.png, out_2.png...
fs::path numbered(const fs::path& output, std::size_t index, std::size_t count) {
  if (count == 1) return output;
  return output.parent_path() /
         fmt::format("{}_{}{}", output.stem().string(), index + 1, output.extension().string());
}

// SaveImage has written into the output's own folder; this gives the files the wished names.
void deliver(std::vector<fs::path>& files, const fs::path& output) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path place = numbered(output, i, files.size());
    std::error_code error;
    fs::rename(files[i], place, error);
    require(!error, Fault::bad_file, "cannot write {}: {}", place.string(), error.message());
    files[i] = place;
  }
}

void generate(GenerateOptions options, const CLI::App& command) {
  Engine engine(options.folders, options.device);
  fill_in(options, command, engine.services());
  if (!options.output.empty()) {
    require(options.output.extension() == ".png", Fault::bad_input,
            "-o {}: the name of a picture ends in .png", options.output.string());
    engine.services().output_dir = options.output.has_parent_path() ? options.output.parent_path() : ".";
    options.generation.filename_prefix = options.output.stem().string();
  }
  graph::Workflow workflow{.prompt = generation_graph(options.generation), .extra_pnginfo = {}};
  if (!options.save_workflow.empty()) {
    io::write_file(options.save_workflow, graph::to_json(workflow.prompt).dump(2) + "\n");
  }
  const graph::Registry registry = nodes::all_nodes();
  if (!options.insight.empty()) {
    engine.services().insight_dir = options.insight;
    add_insight(workflow.prompt, registry, options.generation.prompt);
  }
  run_prompt(workflow, registry, engine, options.reporting, [&](std::vector<fs::path>& files) {
    if (!options.output.empty()) deliver(files, options.output);
  });
}

template <class Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& row : table) names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
  return names;
}

void add_sampling_options(CLI::App& app, Generation& generation) {
  SampleParams& sampling = generation.sampling;
  add_field_option(app, "--steps", sampling, "steps");
  add_field_option(app, "--cfg", sampling, "cfg");
  add_field_option(app, "--seed", sampling, "seed");
  add_field_option(app, "--denoise", sampling, "denoise");
  app.add_option("--sampler", sampling.sampler, "One of: " + names_of(samplers()))
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--scheduler", sampling.scheduler, "One of: " + names_of(schedulers()))
      ->type_name("NAME")
      ->capture_default_str();
}

void add_guidance_options(CLI::App& app, Generation& generation) {
  SagOptions& sag = generation.sag;
  add_field_option(app, "--sag", sag, "scale")
      ->description("Self-Attention Guidance: strength of the push away from the degraded prediction; "
                    "0 is off, 0.5 a good start");
  for (const auto& [flag, field] : {std::pair{"--sag-blur", "blur_sigma"},
                                    {"--sag-threshold", "threshold"},
                                    {"--sag-start", "start_percent"},
                                    {"--sag-end", "end_percent"},
                                    {"--sag-layers", "layers"},
                                    {"--sag-degrade", "degrade"},
                                    {"--sag-kernel", "kernel_size"},
                                    {"--sag-mask", "mask"},
                                    {"--sag-upsampling", "mask_upsampling"},
                                    {"--sag-schedule", "scale_schedule"},
                                    {"--sag-space", "space"},
                                    {"--sag-economy", "economy"}}) {
    add_field_option(app, flag, sag, field);
  }
}

}  // namespace

void add_generate_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command = app.add_subcommand("generate", "Make pictures from a prompt");
  const auto options = std::make_shared<GenerateOptions>();
  Generation& generation = options->generation;
  command
      ->add_option("--model", generation.model,
                   fmt::format("Checkpoint: a file, or a name in a checkpoints folder; without it {}, "
                               "which comes with the program and draws emoji, with the sampler, "
                               "steps and CFG scale that suit it",
                               kEmbeddedModel))
      ->type_name("FILE");
  command
      ->add_option_function<std::vector<std::string>>(
          "--lora",
          [&generation](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) generation.loras.push_back(parse_lora(text));
          },
          "LoRA: a file, or a name in the loras folder; how far it changes the model, 1 unless "
          "given, may be negative. May be repeated")
      ->type_name("FILE[:STRENGTH]")
      ->allow_extra_args(false);
  command->add_option("--prompt", generation.prompt, "What the picture should show")
      ->type_name("TEXT");
  command->add_option("--negative", generation.negative, "What it should not show")
      ->type_name("TEXT");
  command->add_option("--size", options->size, "Width and height in pixels, multiples of 8; without it the model's own")
      ->type_name("WxH");
  command->add_option("--batch", generation.batch, "How many pictures")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  add_sampling_options(*command, generation);
  add_guidance_options(*command, generation);
  command
      ->add_option("--clip-skip", generation.clip_skip,
                   "Layer of the text encoder, counted from its end: 1 is the last")
      ->check(CLI::Range(1, 24))
      ->capture_default_str();
  command
      ->add_option("--image", generation.image,
                   "Start from this picture; use with --denoise below 1. --size is its own then")
      ->type_name("FILE");
  command
      ->add_option("-o,--output", options->output,
                   "The picture's file; without it, a numbered file in the output folder")
      ->type_name("FILE.png");
  command->add_option("--save-workflow", options->save_workflow, "Write the graph as JSON, too")
      ->type_name("FILE.json");
  command
      ->add_option("--insight", options->insight,
                   "Write what the model looks at, and what Self-Attention Guidance does, into "
                   "this folder")
      ->type_name("DIR");
  add_folder_options(*command, options->folders);
  add_device_options(*command, options->device);
  add_reporting_options(*command, options->reporting);
  command->callback(
      [options, command, &code] {
        code = report_errors(options->reporting, [&] { generate(*options, *command); });
      });
}

}  // namespace sagitta::cli
