// Walks a folder of golden data, runs every case and prints what came out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace golden {

struct RunnerOptions {
  std::filesystem::path folder{};
  // Globs over names relative to the data's root.
  std::string filter{};               // empty: everything
  std::vector<std::string> except{};  // what is left out of that
  std::string device = "cpu";
  std::string dtype = "f32";
  bool verbose = false;  // also say what each file holds
};

struct Counts {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

// Throws bad_file if the folder does not exist. Everything that is wrong with a case is a failure
// of that case alone.
Counts run_folder(const RunnerOptions& options);

}  // namespace golden
