#include "cmd_inspect.h"

#include "run_prompt.h"
#include "sagitta/models/checkpoint.h"
#include "sagitta/models/unet/attention_layers.h"

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace sagitta::cli {
namespace {

using models::CheckpointInfo;
using models::LoadReport;

constexpr std::size_t kShownNames = 10;

struct InspectOptions {
  std::filesystem::path file;
  bool all = false;
  bool layers = false;
  Reporting reporting;
};

Json layers_json(const models::UnetSpec& unet) {
  Json list = Json::array();
  for (const models::AttentionLayer& layer : models::attention_layers(unet)) {
    list.push_back({{"name", layer.name},
                    {"transformers", layer.depth},
                    {"channels", layer.channels},
                    {"heads", layer.heads},
                    {"downscale", layer.downscale}});
  }
  return list;
}

Json unet_json(const models::ModelSpec& model) {
  const models::UnetSpec& unet = model.unet;
  Json levels = Json::array();
  for (const models::UnetSpec::Level& level : unet.levels) {
    levels.push_back({{"channels", level.channels},
                      {"input_depth", level.input_depth},
                      {"output_depth", level.output_depth}});
  }
  Json json{{"family", model.family},
            {"prediction", model.prediction == models::Prediction::v ? "v" : "eps"},
            {"in_channels", unet.in_channels},
            {"out_channels", unet.out_channels},
            {"model_channels", unet.model_channels},
            {"levels", levels},
            {"middle_depth", unet.middle_depth},
            {"attention_layers", layers_json(unet)},
            {"context_width", unet.context_width},
            {"vector_width", unet.vector_width},
            {"latent_scale", model.latent_scale}};
  json[unet.heads > 0 ? "heads" : "head_width"] = unet.heads > 0 ? unet.heads : unet.head_width;
  return json;
}

Json to_json(const CheckpointInfo& info) {
  Json json{{"tensors", info.tensors}, {"bytes", info.bytes}, {"dtypes", info.dtypes}};
  if (info.model) json["unet"] = unet_json(*info.model);
  if (info.vae) {
    json["vae"] = {{"channels", info.vae->channels},
                   {"multipliers", info.vae->multipliers},
                   {"blocks", info.vae->blocks},
                   {"latent_channels", info.vae->latent_channels},
                   {"downscale", info.vae->downscale()}};
  }
  json["text_encoders"] = Json::array();
  for (const models::ClipSpec& text : info.text) {
    json["text_encoders"].push_back({{"name", text.key},
                                     {"width", text.width},
                                     {"layers", text.layers},
                                     {"heads", text.heads},
                                     {"vocabulary", text.vocabulary},
                                     {"projection", text.projection},
                                     {"default_layer", text.default_layer}});
  }
  json["parts"] = Json::array();
  for (const LoadReport& part : info.parts) {
    Json wrong = Json::array();
    for (const models::WrongShape& one : part.wrong_shape) {
      wrong.push_back({{"key", one.key}, {"expected", one.expected}, {"found", one.found}});
    }
    json["parts"].push_back({{"name", part.part},
                             {"loaded", part.loaded},
                             {"missing", part.missing},
                             {"wrong_shape", wrong}});
  }
  json["unexpected"] = info.unexpected;
  json["metadata"] = info.metadata;
  return json;
}

void print_names(const char* what, const std::vector<std::string>& names, bool all) {
  if (names.empty()) return;
  fmt::print("  {} {}:\n", names.size(), what);
  const std::size_t shown = all ? names.size() : std::min(names.size(), kShownNames);
  for (std::size_t i = 0; i < shown; ++i) fmt::print("    {}\n", names[i]);
  if (shown < names.size())
    fmt::print("    ... ({} more; --all shows them)\n", names.size() - shown);
}

std::string depths(const models::UnetSpec& unet) {
  std::vector<std::string> levels;
  for (const models::UnetSpec::Level& level : unet.levels) {
    levels.push_back(fmt::format("{} ({})", level.channels, fmt::join(level.input_depth, ",")));
  }
  return fmt::format("{}", fmt::join(levels, ", "));
}

void print_layers(const models::UnetSpec& unet) {
  fmt::print("  attention layers, as --sag-layers names them:\n");
  for (const models::AttentionLayer& layer : models::attention_layers(unet)) {
    fmt::print("    {:<4} {} transformer{}, {} channels, {} heads, one token for {}x{} latent cells\n",
               layer.name, layer.depth, layer.depth == 1 ? "" : "s", layer.channels, layer.heads,
               layer.downscale, layer.downscale);
  }
}

void print(const CheckpointInfo& info, const InspectOptions& options) {
  constexpr double kMega = 1e6;
  std::vector<std::string> dtypes;
  for (const auto& [name, count] : info.dtypes) dtypes.push_back(fmt::format("{} {}", count, name));
  fmt::print("{}: {} tensors, {:.1f} MB ({})\n", options.file.string(), info.tensors,
             static_cast<double>(info.bytes) / kMega, fmt::join(dtypes, ", "));
  if (info.model) {
    const models::UnetSpec& unet = info.model->unet;
    fmt::print("UNet: {}, {}-prediction, {} -> {} channels\n", info.model->family,
               info.model->prediction == models::Prediction::v ? "v" : "eps", unet.in_channels,
               unet.out_channels);
    fmt::print("  levels, finest first: channels (transformer depth per block): {}\n",
               depths(unet));
    fmt::print("  middle depth {}, text width {}, {}\n", unet.middle_depth, unet.context_width,
               unet.heads > 0 ? fmt::format("{} heads", unet.heads)
                              : fmt::format("{} channels per head", unet.head_width));
    if (unet.vector_width > 0) fmt::print("  vector conditioning of width {}\n", unet.vector_width);
    if (options.layers) print_layers(unet);
  }
  if (info.vae) {
    fmt::print("VAE: {} channels x {}, {} latent channels, {} pixels per cell\n",
               info.vae->channels, fmt::join(info.vae->multipliers, ","), info.vae->latent_channels,
               info.vae->downscale());
  }
  for (const models::ClipSpec& text : info.text) {
    fmt::print("Text encoder {}: width {}, {} layers, {} heads, {} tokens; conditions on layer {}{}\n",
               text.key, text.width, text.layers, text.heads, text.vocabulary, text.default_layer,
               text.final_norm ? " with the final norm" : "");
  }
  for (const LoadReport& part : info.parts) {
    fmt::print("{}: {} of {} tensors there\n", part.part, part.loaded,
               part.loaded + part.missing.size() + part.wrong_shape.size());
    print_names("missing", part.missing, options.all);
    std::vector<std::string> wrong;
    for (const models::WrongShape& one : part.wrong_shape) {
      wrong.push_back(fmt::format("{}: {}, expected {}", one.key, to_string(one.found),
                                  to_string(one.expected)));
    }
    print_names("of the wrong shape", wrong, options.all);
  }
  if (!info.unexpected.empty()) fmt::print("Not used:\n");
  print_names("tensors", info.unexpected, options.all);
  for (const auto& [key, value] : info.metadata) {
    constexpr std::size_t kLongest = 200;
    fmt::print("metadata {}: {}{}\n", key, value.substr(0, kLongest),
               value.size() > kLongest ? "..." : "");
  }
}

void inspect(const InspectOptions& options) {
  const CheckpointInfo info = models::inspect_checkpoint(options.file);
  if (options.reporting.json) {
    fmt::print("{}\n", to_json(info).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print(info, options);
  }
}

}  // namespace

void add_inspect_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command =
      app.add_subcommand("inspect", "Show what a checkpoint holds, and whether it is complete");
  const auto options = std::make_shared<InspectOptions>();
  command->add_option("file", options->file, "A .safetensors file")->type_name("FILE")->required();
  command->add_flag("--all", options->all, "Name every missing and unused tensor");
  command->add_flag("--layers", options->layers, "List the attention layers by name");
  command->add_flag("--json", options->reporting.json, "Write one JSON object");
  command->callback(
      [options, &code] { code = report_errors(options->reporting, [&] { inspect(*options); }); });
}

}  // namespace sagitta::cli
