#include "generate_options.h"

#include "embedded_model.h"
#include "field_options.h"
#include "parse_size.h"
#include "sagitta/diffusion/samplers/sampler.h"
#include "sagitta/diffusion/schedule.h"
#include "sagitta/nodes/folders.h"

#include <CLI/CLI.hpp>

#include <array>
#include <tuple>
#include <utility>

namespace sagitta::cli {
namespace {

constexpr const char* kText = "TEXT";
constexpr const char* kName = "NAME";
constexpr const char* kFile = "FILE";
constexpr const char* kLora = "FILE[:STRENGTH]";
constexpr const char* kSize = "WxH";

constexpr double kMostStrength = 100;  // of LoRAs, as in the node

// What only Self-Attention Guidance uses, and the fields of its options.
constexpr std::array kSagFlags = {std::pair{"sag-blur", "blur_sigma"},
                                  std::pair{"sag-threshold", "threshold"},
                                  std::pair{"sag-start", "start_percent"},
                                  std::pair{"sag-end", "end_percent"},
                                  std::pair{"sag-layers", "layers"},
                                  std::pair{"sag-degrade", "degrade"},
                                  std::pair{"sag-kernel", "kernel_size"},
                                  std::pair{"sag-mask", "mask"},
                                  std::pair{"sag-upsampling", "mask_upsampling"},
                                  std::pair{"sag-schedule", "scale_schedule"},
                                  std::pair{"sag-space", "space"},
                                  std::pair{"sag-economy", "economy"}};

template <class Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& row : table) names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
  return names;
}

void add_picture_options(CLI::App& app, GenerateSettings& settings) {
  Generation& generation = settings.generation;
  app.add_option(
         "--model", generation.model,
         fmt::format("Checkpoint: a file, or a name in a checkpoints folder; without it {}, "
                     "which comes with the program and draws emoji, with the sampler, "
                     "steps and CFG scale that suit it",
                     kEmbeddedModel))
      ->type_name(kFile);
  app.add_option("--lora", settings.loras,
                 "LoRA: a file, or a name in the loras folder; how far it changes the model, "
                 "--lora-strength unless given, may be negative. May be repeated")
      ->type_name(kLora)
      ->allow_extra_args(false);
  app.add_option("--lora-strength", settings.lora_strength, "Strength of LoRAs that state none")
      ->check(CLI::Range(-kMostStrength, kMostStrength))
      ->capture_default_str();
  app.add_option("--prompt", generation.prompt, "What the picture should show")->type_name(kText);
  app.add_option("--negative", generation.negative, "What it should not show")->type_name(kText);
  app.add_option("--size", settings.size,
                 "Width and height in pixels, multiples of 8; without it the model's own")
      ->type_name(kSize);
  app.add_option("--batch", generation.batch, "How many pictures")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
}

void add_sampling_options(CLI::App& app, SampleParams& sampling) {
  add_field_option(app, "--steps", sampling, "steps");
  add_field_option(app, "--cfg", sampling, "cfg");
  add_field_option(app, "--seed", sampling, "seed");
  add_field_option(app, "--denoise", sampling, "denoise");
  app.add_option("--sampler", sampling.sampler, "One of: " + names_of(samplers()))
      ->type_name(kName)
      ->capture_default_str();
  app.add_option("--scheduler", sampling.scheduler, "One of: " + names_of(schedulers()))
      ->type_name(kName)
      ->capture_default_str();
}

void add_guidance_options(CLI::App& app, Generation& generation) {
  SagOptions& sag = generation.sag;
  add_field_option(app, "--sag", sag, "scale")
      ->description(
          "Self-Attention Guidance: strength of the push away from the degraded prediction; "
          "0 is off, 0.5 a good start");
  for (const auto& [flag, field] : kSagFlags) {
    add_field_option(app, std::string("--") + flag, sag, field);
  }
}

CLI::Option& option_of(const CLI::App& app, const std::string& name) {
  // CLI11 has no const way to an option that may be changed.
  return *const_cast<CLI::App&>(app).get_option("--" + name);
}

}  // namespace

void add_generation_options(CLI::App& app, GenerateSettings& settings) {
  Generation& generation = settings.generation;
  add_picture_options(app, settings);
  add_sampling_options(app, generation.sampling);
  add_guidance_options(app, generation);
  app.add_option("--clip-skip", generation.clip_skip,
                 "Layer of the text encoder, counted from its end: 1 is the last")
      ->check(CLI::Range(1, 24))
      ->capture_default_str();
  app.add_option("--image", generation.image,
                 "Start from this picture; use with --denoise below 1. --size is its own then")
      ->type_name(kFile);
}

Generation resolve(const GenerateSettings& settings, const IsGiven& is_given,
                   const nodes::Services& services) {
  Generation generation = settings.generation;
  for (const std::string& lora : settings.loras) {
    if (!lora.empty()) generation.loras.push_back(parse_lora(lora, settings.lora_strength));
  }
  if (generation.model.empty()) {
    generation.model = kEmbeddedModel;
    const SampleParams suited = embedded_sampling();
    SampleParams& sampling = generation.sampling;
    if (!is_given("sampler")) sampling.sampler = suited.sampler;
    if (!is_given("scheduler")) sampling.scheduler = suited.scheduler;
    if (!is_given("steps")) sampling.steps = suited.steps;
    if (!is_given("cfg")) sampling.cfg = suited.cfg;
  }
  if (settings.size.empty()) {
    std::tie(generation.width, generation.height) =
        native_size(nodes::find_model(services, "checkpoints", generation.model));
    return generation;
  }
  const auto size = parse_size(settings.size);
  require(size.has_value(), Fault::bad_input,
          "--size {}: expected width and height in pixels, such as 512x768", settings.size);
  std::tie(generation.width, generation.height) = *size;
  return generation;
}

void require_use(const GenerateSettings& settings, const IsGiven& is_given) {
  const bool no_sag = settings.generation.sag.scale == 0 && !is_given("sag");
  for (const auto& [flag, field] : kSagFlags) {
    require(!no_sag || !is_given(flag), Fault::bad_input,
            "--{} does nothing without --sag, which turns Self-Attention Guidance on", flag);
  }
  require(!settings.loras.empty() || is_given("lora") || !is_given("lora-strength"),
          Fault::bad_input, "--lora-strength does nothing without --lora");
}

NamedSettings::NamedSettings(GenerateSettings settings)
    : settings_(std::make_unique<GenerateSettings>(std::move(settings))),
      app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag();
  add_generation_options(*app_, *settings_);
}

NamedSettings::NamedSettings(NamedSettings&&) noexcept = default;
NamedSettings& NamedSettings::operator=(NamedSettings&&) noexcept = default;
NamedSettings::~NamedSettings() = default;

std::vector<std::string> NamedSettings::names() const {
  std::vector<std::string> names;
  for (const CLI::Option* const option : std::as_const(*app_).get_options()) {
    names.push_back(option->get_lnames().front());
  }
  return names;
}

bool NamedSettings::contains(const std::string& name) const {
  return app_->get_option_no_throw("--" + name) != nullptr;
}

bool NamedSettings::is_number(const std::string& name) const {
  const std::string type = option_of(*app_, name).get_type_name();
  constexpr std::array kTexts = {kText, kName, kFile, kLora, kSize};
  return std::ranges::find(kTexts, type) == kTexts.end();
}

std::string NamedSettings::get(const std::string& name) const {
  // A captured default is the present value.
  const std::string text = option_of(*app_, name).capture_default_str()->get_default_str();
  return text == "[]" ? std::string() : text;
}

void NamedSettings::set(const std::string& name, const std::string& value) {
  CLI::Option& option = option_of(*app_, name);
  try {
    option.clear();
    option.add_result(value);
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    throw Error(Fault::bad_input,
                fmt::format("{} cannot be \"{}\": {}", name, value, error.what()));
  }
}

}  // namespace sagitta::cli
