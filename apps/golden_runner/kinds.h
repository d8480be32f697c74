// The kinds of golden cases that this program can run. To add one: write a Kind in a kinds_*.cc and
// name it in the table of kinds.cc.
#pragma once

#include "golden_runner/case.h"
#include "golden_runner/context.h"
#include "golden_runner/report.h"

#include <span>
#include <string_view>

namespace golden {

struct Kind {
  const char* name;
  // Decides by folder and content, never by the file's own name. Must not throw.
  bool (*matches)(const GoldenFile& file);
  // Compares. What it throws is a failure of the file.
  void (*run)(const GoldenFile& file, Context& context, Report& report);
};

extern const Kind kBrownianTreeKind;
extern const Kind kCfgKind;
extern const Kind kConditioningKind;
extern const Kind kControlCallKind;
extern const Kind kControlRunsKind;
extern const Kind kCustomSigmasKind;
extern const Kind kCustomRunsKind;
extern const Kind kDeepShrinkKind;
extern const Kind kDtypesKind;
extern const Kind kEmbeddingsKind;
extern const Kind kEncodeKind;
extern const Kind kEncodeSdxlKind;
extern const Kind kGeneratorKind;
extern const Kind kGuidanceKind;
extern const Kind kHyperTileKind;
extern const Kind kImageOperationsKind;
extern const Kind kImageRunsKind;
extern const Kind kImageScaleKind;
extern const Kind kLatentOperationsKind;
extern const Kind kLatentUpscaleKind;
extern const Kind kLoraKind;
extern const Kind kLoraRunKind;
extern const Kind kMasksKind;
extern const Kind kModelSamplingKind;
extern const Kind kMorePatchesKind;
extern const Kind kInpaintKind;
extern const Kind kObjectInfoKind;
extern const Kind kPatchesKind;
extern const Kind kPrepareNoiseKind;
extern const Kind kResBlockKind;
extern const Kind kResampleKind;
extern const Kind kRunsKind;
extern const Kind kSagAttentionKind;
extern const Kind kSagBlurKind;
extern const Kind kSagGridKind;
extern const Kind kSagMapKind;
extern const Kind kSagStepKind;
extern const Kind kSchedulersKind;
extern const Kind kTextStackKind;
extern const Kind kTimestepEmbeddingKind;
extern const Kind kTokenizeKind;
extern const Kind kTransformerKind;
extern const Kind kUnetForwardKind;
extern const Kind kVaeKind;
extern const Kind kVectorKind;

// The first kind that matches, or nullptr.
[[nodiscard]] const Kind* find_kind(const GoldenFile& file);

// Files that cases read, and that are no cases themselves: models, LoRA and embedding files,
// folders in diffusers layout, the manifest.
[[nodiscard]] bool is_input(const GoldenFile& file);

// True for the name of a folder that holds cases; tells the root of the data from its parts.
[[nodiscard]] bool is_case_folder(std::string_view name);

}  // namespace golden
