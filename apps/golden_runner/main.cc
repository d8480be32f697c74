// golden_runner: compares sagitta with golden data, whatever folder of it is named.
#include "golden_runner/runner.h"
#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  golden::RunnerOptions options;
  std::string folder;
  CLI::App app("Runs every case of a folder of golden data and compares the results.");
  app.add_option("DIR", folder, "Folder of golden data, or one of its parts")->required();
  app.add_option("--filter", options.filter, "Only files whose relative name matches this glob");
  app.add_option("--except", options.except,
                 "But no files whose relative name matches this glob; may be given again")
      ->allow_extra_args(false);
  app.add_option("--device", options.device,
                 fmt::format("Device that runs the networks: {}", sagitta::kDeviceHelp))
      ->capture_default_str();
  app.add_option("--dtype", options.dtype, "Compute type: f32, bf16, auto, int8")
      ->capture_default_str();
  app.add_flag("--verbose", options.verbose, "Also say what each file holds");
  CLI11_PARSE(app, argc, argv);
  options.folder = folder;
  try {
    const golden::Counts counts = golden::run_folder(options);
    if (counts.passed + counts.failed + counts.skipped == 0) {
      fmt::print(stderr, "golden_runner: no case in {} matches\n", folder);
    }
    fmt::print("{} passed, {} failed, {} skipped\n", counts.passed, counts.failed, counts.skipped);
    return counts.failed == 0 && counts.passed + counts.skipped > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "golden_runner: {}\n", error.what());
    return 2;
  }
}
