// Text encoding: prompts through tokens, embeddings and the transformer.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/models/detect.h"

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Clip;
using sagitta::EncodedText;
using sagitta::Json;

// Files of textual inversions alone do not choose layers.
bool is_encode(const GoldenFile& file) {
  return file.folder == "text" && file.has("hidden0") && file.has_header("params") &&
         file.header("params").find("clip_layer") != std::string::npos;
}

Clip clip_of(const GoldenFile& file, Context& context) {
  const auto clip = make_clip(context.device(), checkpoint_of(file, context));
  sagitta::require(clip.has_value(), sagitta::Fault::bad_file, "the model has no text encoder");
  return *clip;
}

void check_encode(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  Clip clip = clip_of(file, context);
  if (params.contains("embedding")) {
    // One file, known in the prompts by the word behind "embedding_" in its name.
    const auto path = context.root() / field<std::string>(params, "embedding");
    clip.embeddings = [path](std::string_view name, std::string_view,
                             std::int64_t) -> std::shared_ptr<const Array> {
      if (path.stem().string().find(name) == std::string::npos) return nullptr;
      const auto embedding = sagitta::io::open_safetensors(path);
      sagitta::require(!embedding.tensors.empty(), sagitta::Fault::bad_file, "{} is empty",
                       path.string());
      return std::make_shared<const Array>(to_array(embedding.tensors.begin()->second));
    };
  }
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const auto prompt = field<std::string>(one, "prompt");
    const auto check = [&](const std::string& suffix, const auto& encode) {
      const std::string hidden = fmt::format("hidden{}{}", suffix, i);
      if (!file.has(hidden)) return;
      report.attempt(hidden, [&] {
        const Json& layer = one.at("clip_layer");
        clip.layer = layer.is_null() ? std::nullopt : std::optional(layer.get<int>());
        const EncodedText encoded = encode();
        report.check(hidden, encoded.context, file.array(hidden), tolerance);
        const std::string pooled = fmt::format("pooled{}{}", suffix, i);
        // Upstream projects what SDXL's CLIP-L pools with a matrix that no file holds, and drops it.
        if (suffix == "_l") {
          report.skip(pooled, "the checkpoint does not hold the projection");
        } else {
          report.check(pooled, encoded.pooled, file.array(pooled), tolerance);
        }
      });
    };
    check("", [&] { return encode_text(clip, prompt); });
    check("_l", [&] { return encode_text(clip, *clip.encoders.front(), prompt); });
    check("_g", [&] { return encode_text(clip, *clip.encoders.back(), prompt); });
  }
}

constexpr std::string_view kWeights = "weights.";

bool is_stack(const GoldenFile& file) {
  return file.folder == "text" && file.has("penultimate_normed") && file.has_prefix(kWeights);
}

// A transformer without a vocabulary: the file gives the embedded tokens.
void check_stack(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const auto width = field<std::int64_t>(params, "hidden_size");
  sagitta::StateDict weights;
  for (const auto& [name, tensor] : sagitta::models::with_prefix(file.tensors, kWeights)) {
    weights.emplace("text_model." + name, tensor);
  }
  weights.emplace("text_model.embeddings.token_embedding.weight",
                  sagitta::to_stored(Array({1, width})));
  auto spec = sagitta::models::detect_clip(weights, sagitta::models::ClipUse::sd2);
  spec.quick_gelu = field<std::string>(params, "hidden_act") == "quick_gelu";
  report.check_that("heads", spec.heads == field<int>(params, "num_attention_heads"));
  sagitta::models::ClipTextModel model(spec);
  require_complete(load_module(model, &context.device(), weights, "text encoder"), file.name);

  const Tolerance tolerance = file.tolerances().first();
  const auto output = model(context.device(), file.array("embeds"), -2);
  report.check("last", output.last, file.array("last"), tolerance);
  report.check("penultimate_normed", output.hidden, file.array("penultimate_normed"), tolerance);
}

}  // namespace

const Kind kEncodeKind{.name = "text encoding", .matches = is_encode, .run = check_encode};
const Kind kTextStackKind{.name = "text transformer", .matches = is_stack, .run = check_stack};

}  // namespace golden
