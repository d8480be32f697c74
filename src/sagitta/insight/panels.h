// Panels: the record of a run as labelled pictures of one size.
#pragma once

#include "sagitta/insight/heat.h"
#include "sagitta/insight/record.h"

#include "sagitta/diffusion/vae.h"

namespace sagitta::insight {

enum class PanelKind { picture, attention, mask, x0, degraded, effect, query, word };
[[nodiscard]] std::string_view name_of(PanelKind kind);  // "picture", "attention"...

struct Panel {
  PanelKind kind = PanelKind::picture;
  std::string title;     // for people: "mask, 43 %"
  std::string word;      // of a word panel
  Array picture;         // (H, W, 3) in 0..1
  Array values = {};     // what was drawn: latent (C, H, W), map (H, W), or tokens (rows, cols)
  HeatScale scale = {};  // of maps: the values that are darkest and brightest
};

struct PanelOptions {
  const Vae* vae = nullptr;       // decodes the predictions; null: the quick preview
  std::int64_t least_side = 256;  // of the pictures, in pixels
};

// The size of all panels of a record: 8 pixels per cell, or more for small latents.
[[nodiscard]] draw::Size panel_size(const InsightRecord& record, const PanelOptions& options);

// The panels of one step, those of kinds that it has nothing for left out. Normalisation: received
// attention from 0 to 3 (its mean is 1) on the same scale in all steps; effect, query and words
// from 0 to the largest value of their step, words from their smallest value.
[[nodiscard]] std::vector<Panel> panels_of(const InsightRecord& record, const InsightStep& step,
                                           const PanelOptions& options);

// The panel of that kind (and, for words, number); null if there is none.
[[nodiscard]] const Panel* find_panel(const std::vector<Panel>& panels, PanelKind kind,
                                      std::size_t index = 0);

}  // namespace sagitta::insight
