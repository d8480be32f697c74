#include "golden_runner/kinds.h"

#include <algorithm>
#include <string>

namespace golden {
namespace {

const Kind* const kKinds[] = {
    &kDtypesKind,
    &kGeneratorKind,
    &kBrownianTreeKind,
    &kPrepareNoiseKind,
    &kSchedulersKind,
    &kCustomSigmasKind,
    &kCustomRunsKind,
    &kTokenizeKind,
    &kObjectInfoKind,
    &kUnetForwardKind,
    &kResBlockKind,
    &kResampleKind,
    &kTransformerKind,
    &kTimestepEmbeddingKind,
    &kVectorKind,
    &kCfgKind,
    &kConditioningKind,
    &kSagBlurKind,
    &kSagMapKind,
    &kSagAttentionKind,
    &kSagGridKind,
    &kSagStepKind,
    &kVaeKind,
    &kLatentUpscaleKind,
    &kLatentOperationsKind,
    &kEmbeddingsKind,
    &kEncodeKind,
    &kEncodeSdxlKind,
    &kLoraKind,
    &kLoraRunKind,
    &kTextStackKind,
    &kControlCallKind,
    &kControlRunsKind,
    &kRunsKind,
    &kModelSamplingKind,
    &kPatchesKind,
    &kGuidanceKind,
    &kMorePatchesKind,
    &kDeepShrinkKind,
    &kHyperTileKind,
    &kInpaintKind,
    &kImageRunsKind,
    &kImageScaleKind,
    &kMasksKind,
    &kImageOperationsKind,
};

constexpr std::string_view kCaseFolders[] = {
    "cfg",     "conditioning", "control", "custom", "images", "ksampler", "layouts", "lora",
    "patches", "rng",          "sag",     "sigmas", "text",   "unet",     "vae"};

}  // namespace

const Kind* find_kind(const GoldenFile& file) {
  for (const Kind* kind : kKinds) {
    if (kind->matches(file)) return kind;
  }
  return nullptr;
}

bool is_input(const GoldenFile& file) {
  const std::string& folder = file.folder;
  if (folder == "lora/files" || folder.starts_with("text/embeddings") ||
      folder.starts_with("layouts/diffusers_")) {
    return true;
  }
  if (folder.empty() && file.is_json()) {  // a list of the files themselves
    return file.name == "MANIFEST.json" || file.json.is_array();
  }
  // In these folders cases and their inputs lie side by side; an input promises no result.
  const bool mixed = folder == "models" || folder == "layouts" || folder == "text";
  return mixed && !file.is_json() && !file.has_header("tolerance") && !file.has_header("params");
}

bool is_case_folder(std::string_view name) {
  return std::ranges::find(kCaseFolders, name) != std::end(kCaseFolders);
}

}  // namespace golden
