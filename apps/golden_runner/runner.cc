#include "golden_runner/runner.h"

#include "golden_runner/kinds.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <vector>

namespace golden {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& path = entry.path();
    const bool known = path.extension() == ".safetensors" || path.extension() == ".json";
    if (known && entry.is_regular_file()) files.push_back(path);
  }
  std::ranges::sort(files);
  return files;
}

// The folder itself, or the folder above if only one part of the data was named.
fs::path data_root(const fs::path& folder) {
  return is_case_folder(folder.filename().string()) ? folder.parent_path() : folder;
}

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "PASS";
    case Verdict::failed:
      return "FAIL";
    case Verdict::skipped:
      return "SKIP";
  }
  return "";
}

void count(Counts& counts, Verdict verdict) {
  counts.passed += verdict == Verdict::passed ? 1 : 0;
  counts.failed += verdict == Verdict::failed ? 1 : 0;
  counts.skipped += verdict == Verdict::skipped ? 1 : 0;
}

void print_line(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// Runs one file. Nothing for an input, which is no case.
std::optional<Verdict> run_file(const fs::path& path, Context& context,
                                const RunnerOptions& options) {
  const std::string name = path.lexically_relative(context.root()).generic_string();
  Report report;
  std::string kind_name = "unknown kind";
  const auto start = std::chrono::steady_clock::now();
  try {
    const GoldenFile file = open_golden(context.root(), path);
    if (is_input(file)) {
      print_line(fmt::format("input {}", name));
      return std::nullopt;
    }
    const Kind* kind = find_kind(file);
    if (kind == nullptr) {
      print_line(fmt::format("SKIP {}: no kind of case is known for this place and content", name));
      return Verdict::skipped;
    }
    kind_name = kind->name;
    if (options.verbose && file.has_header("what")) print_line("  " + file.header("what"));
    kind->run(file, context, report);
  } catch (const std::exception& error) {
    report.fail(name, error.what());
  }
  if (report.checks().empty()) report.fail(name, "the file holds nothing to compare");

  for (const Check& check : report.checks()) {
    print_line(fmt::format("  {} {}: {}", word_of(check.verdict), check.name, check.detail));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  print_line(fmt::format("{} {} ({}): {}, {:.2f} s", word_of(report.verdict()), name, kind_name,
                         report.summary(), seconds.count()));
  return report.verdict();
}

bool wanted(const std::string& name, const RunnerOptions& options) {
  const auto matches = [&](const std::string& glob) {
    return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  };
  return (options.filter.empty() || matches(options.filter)) &&
         std::ranges::none_of(options.except, matches);
}

}  // namespace

Counts run_folder(const RunnerOptions& options) {
  std::error_code ignored;
  const fs::path folder = fs::canonical(options.folder, ignored);
  sagitta::require(fs::is_directory(folder, ignored), sagitta::Fault::bad_file,
                   "{} is not a folder", options.folder.string());
  Context context({.root = data_root(folder), .device = options.device, .dtype = options.dtype});
  Counts total;
  std::map<std::string, Counts> by_folder;
  for (const fs::path& path : files_below(folder)) {
    const fs::path relative = path.lexically_relative(context.root());
    if (!wanted(relative.generic_string(), options)) continue;
    const std::optional<Verdict> verdict = run_file(path, context, options);
    if (!verdict) continue;
    count(total, *verdict);
    count(by_folder[relative.parent_path().generic_string()], *verdict);
  }
  for (const auto& [name, counts] : by_folder) {
    print_line(fmt::format("{:<14} {} passed, {} failed, {} skipped", name.empty() ? "." : name,
                           counts.passed, counts.failed, counts.skipped));
  }
  return total;
}

}  // namespace golden
