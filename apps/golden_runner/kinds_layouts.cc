// Storage types: every stored tensor of one file against its float values in the other.
#include "golden_runner/kinds.h"

namespace golden {
namespace {

constexpr std::string_view kPrefix = "f32.";

bool matches(const GoldenFile& file) {
  return file.folder == "layouts" && !file.is_json() && file.has_prefix(kPrefix);
}

void run(const GoldenFile& file, Context& context, Report& report) {
  constexpr std::string_view kEnding = "_f32.safetensors";
  sagitta::require(file.name.ends_with(kEnding), sagitta::Fault::bad_file,
                   "the name should be that of the stored file and \"_f32\"");
  const std::string stem = file.name.substr(0, file.name.size() - kEnding.size());
  const GoldenFile stored = open_golden(context.root(), context.root() / (stem + ".safetensors"));
  const Tolerance tolerance = file.tolerances().first();
  for (const auto& entry : file.tensors) {
    const std::string& name = entry.first;
    const sagitta::StoredTensor& expected = entry.second;
    report.attempt(name, [&] {
      const std::string original = name.substr(name.starts_with(kPrefix) ? kPrefix.size() : 0);
      report.check(name, stored.array(original), to_array(expected), tolerance);
    });
  }
  for (const auto& [name, tensor] : stored.tensors) {
    if (!file.has(std::string(kPrefix) + name)) report.fail(name, "no expected values");
  }
}

}  // namespace

const Kind kDtypesKind{.name = "storage types", .matches = matches, .run = run};

}  // namespace golden
