#include "options.h"

#include "embedded_model.h"
#include "sagitta/backend/open.h"
#include "sagitta/base/log.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <map>
#include <string>

namespace sagitta::cli {
namespace {

// Pictures that are only to be looked at go to the system's folder for temporary files, to each
// user's own.
std::filesystem::path temp_folder() {
  std::error_code error;
  std::filesystem::path base = std::filesystem::temp_directory_path(error);
  if (error) base = ".";
  return base / fmt::format("sagitta-{}", getuid());
}

std::map<std::string, LogLevel> log_levels() {
  return {{"debug", LogLevel::debug},
          {"info", LogLevel::info},
          {"warning", LogLevel::warning},
          {"silent", LogLevel::silent}};
}

}  // namespace

void add_folder_options(CLI::App& app, FolderOptions& options) {
  app.add_option(
         "--models-dir", options.models,
         "Folder with checkpoints/, vae/, loras/, embeddings/...; may be given several times")
      ->type_name("DIR")
      ->take_all()
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--input-dir", options.input, "Folder of the pictures that workflows load")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--output-dir", options.output, "Folder for the pictures that workflows save")
      ->type_name("DIR")
      ->capture_default_str();
}

void add_device_options(CLI::App& app, DeviceChoice& options) {
  app.add_option("--device", options.device, std::string(kDeviceHelp))
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option(
         "--dtype", options.dtype,
         "Compute type: auto takes bf16 where the device multiplies bf16 natively, else f32; "
         "int8 takes integers for the UNet's products, which changes pictures a little")
      ->type_name("auto|f32|bf16|int8")
      ->check(CLI::IsMember({"auto", "f32", "bf16", "int8"}))
      ->capture_default_str();
  app.add_option("--threads", options.threads,
                 "Threads that compute; 0 for all that the machine has")
      ->type_name("N")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option_function<LogLevel>(
         "--log-level", set_log_level,
         "What is written to standard error; debug also says which kernels compute")
      ->type_name("debug|info|warning|silent")
      ->transform(CLI::CheckedTransformer(log_levels()).description(""));
}

void add_reporting_options(CLI::App& app, Reporting& options) {
  app.add_flag("--json", options.json, "Write one JSON object to standard output instead of paths");
  app.add_flag("--quiet", options.quiet, "Do not show progress");
}

Engine::Engine(const FolderOptions& folders, const DeviceChoice& choice)
    : device_(
          open_device(choice.device, resolve_dtype(choice.device, choice.dtype, choice.threads))),
      plain_device_(device_->int8_products()
                        ? open_device(choice.device,
                                      {.compute = device_->compute(), .threads = choice.threads})
                        : nullptr),
      f32_device_(
          device_->compute() == DType::f32
              ? nullptr
              : open_device(choice.device, {.compute = DType::f32, .threads = choice.threads})),
      services_{.device = *device_,
                .text_device = f32_device_ ? *f32_device_ : plain(),
                .vae_device = plain(),
                .models_dirs = folders.models,
                .input_dir = folders.input,
                .output_dir = folders.output,
                .temp_dir = temp_folder()} {
  services_.models_dirs.push_back(installed_models_dir());
}

}  // namespace sagitta::cli
