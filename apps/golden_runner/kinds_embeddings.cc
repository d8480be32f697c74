// Textual inversion: prompts that name embedding files.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/nodes/embeddings.h"

#include <algorithm>

namespace golden {
namespace {

using sagitta::Json;

bool matches(const GoldenFile& file) {
  return file.folder == "text" && (file.has("vectors_l0") || file.has("vectors_g0"));
}

// The file of a name in the prompt that sagitta does not read, or "".
std::string pickled(const std::string& prompt, const Json& files) {
  for (const auto& [name, what] : files.items()) {
    const auto dot = name.rfind('.');
    if (dot == std::string::npos) continue;
    if (prompt.find("embedding:" + name.substr(0, dot)) != std::string::npos) return name;
  }
  return {};
}

void run(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  // The data keep embeddings/ in the folder of the cases.
  const sagitta::nodes::Services services{.device = context.device(),
                                          .text_device = context.device(),
                                          .models_dirs = {file.path.parent_path()},
                                          .input_dir = {},
                                          .output_dir = {},
                                          .temp_dir = {}};
  sagitta::Clip clip = make_clip(context.device(), checkpoint_of(file, context)).value();
  clip.embeddings = sagitta::nodes::embedding_finder(services);
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const auto prompt = field<std::string>(one, "prompt");
    const std::string hidden = fmt::format("hidden{}", i);
    const std::string pickle = pickled(prompt, params.at("files"));
    const bool uses_it = one.contains("vector_shapes_l") || one.contains("vector_shapes_g");
    if (!pickle.empty() && uses_it) {
      report.skip(hidden, pickle + " is a Python pickle, which sagitta does not read");
      continue;
    }
    report.attempt(hidden, [&] {
      const auto encoded = encode_text(clip, prompt);
      report.check(hidden, encoded.context, file.array(hidden), tolerance);
      const std::string pooled = fmt::format("pooled{}", i);
      report.check(pooled, encoded.pooled, file.array(pooled), tolerance);
    });
  }
}

}  // namespace

const Kind kEmbeddingsKind{.name = "textual inversion", .matches = matches, .run = run};

}  // namespace golden
