// Text encoding: prompts through tokens, embeddings and the transformer.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/text_encoder.h"

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Clip;
using sagitta::Json;

// Files of textual inversions alone do not choose layers.
bool is_encode(const GoldenFile& file) {
  return file.folder == "text" && file.has("hidden0") && file.has_header("params") &&
         file.header("params").find("clip_layer") != std::string::npos;
}

void check_encode(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const auto& checkpoint = checkpoint_of(file, context);
  if (checkpoint.clip == nullptr) {
    return report.skip("all", "the checkpoint's kind of text encoder is not there yet");
  }
  Clip clip{.device = &context.device(),
            .model = checkpoint.clip,
            .tokenizer = std::make_shared<const sagitta::text::ClipTokenizer>(
                sagitta::text::clip_tokenizer())};
  if (params.contains("embedding")) {
    // One file, known in the prompts by the word behind "embedding_" in its name.
    const auto path = context.root() / field<std::string>(params, "embedding");
    clip.embeddings = [path](std::string_view name) -> std::shared_ptr<const Array> {
      if (path.stem().string().find(name) == std::string::npos) return nullptr;
      const auto embedding = sagitta::io::open_safetensors(path);
      sagitta::require(!embedding.tensors.empty(), sagitta::Fault::bad_file, "{} is empty",
                       path.string());
      return std::make_shared<const Array>(to_array(embedding.tensors.begin()->second));
    };
  }
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const std::string hidden = fmt::format("hidden{}", i);
    report.attempt(hidden, [&] {
      const Json& layer = one.at("clip_layer");
      clip.layer = layer.is_null() ? -1 : layer.get<int>();
      const auto encoded = encode_text(clip, field<std::string>(one, "prompt"));
      report.check(hidden, encoded.context, file.array(hidden), tolerance);
      const std::string pooled = fmt::format("pooled{}", i);
      report.check(pooled, encoded.pooled, file.array(pooled), tolerance);
    });
  }
}

}  // namespace

const Kind kEncodeKind{.name = "text encoding", .matches = is_encode, .run = check_encode};

}  // namespace golden
