#include "options.h"

#include "embedded_model.h"
#include "sagitta/backend/open.h"

#include <fmt/format.h>
#include <unistd.h>

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
  app.add_option("--device", options.device, "cpu, or reference: slow, simple and exact")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option(
         "--dtype", options.dtype,
         "Compute type: auto takes bf16 where the processor multiplies bf16 natively, else f32")
      ->type_name("auto|f32|bf16")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->capture_default_str();
  app.add_option("--threads", options.threads,
                 "Threads that compute; 0 for all that the machine has")
      ->type_name("N")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
}

void add_reporting_options(CLI::App& app, Reporting& options) {
  app.add_flag("--json", options.json, "Write one JSON object to standard output instead of paths");
  app.add_flag("--quiet", options.quiet, "Do not show progress");
}

Engine::Engine(const FolderOptions& folders, const DeviceChoice& choice)
    : device_(open_device(
          choice.device,
          {.compute = choice.device == "reference" ? DType::f32 : resolve_compute(choice.dtype),
           .threads = choice.threads})),
      f32_device_(
          device_->compute() == DType::f32
              ? nullptr
              : open_device(choice.device, {.compute = DType::f32, .threads = choice.threads})),
      services_{.device = *device_,
                .text_device = f32_device_ ? *f32_device_ : *device_,
                .models_dirs = folders.models,
                .input_dir = folders.input,
                .output_dir = folders.output,
                .temp_dir = temp_folder()} {
  services_.models_dirs.push_back(installed_models_dir());
}

}  // namespace sagitta::cli
