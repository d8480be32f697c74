// InsightRecord: what was seen of the guided predictions of one sampling run, as plain data.
// Latents are as inside the run (latent scale applied). Of a batch, one item is recorded.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/nn/patches.h"

#include <optional>
#include <string>
#include <vector>

namespace sagitta {

// The self-attention that is watched where nobody says another.
inline constexpr AttnSite kInsightSite{.stage = Stage::middle, .block = 0, .depth = 0};

// Values over the tokens of an attention layer, and the part of the latent that the tokens see.
struct TokenPlane {
  Array values;  // (rows, cols)
  Area area;     // latent cells
};

// How strongly each cell looks at each piece of a text. In every cell the maps sum to 1.
struct TextMaps {
  std::vector<std::string> labels;  // of the first maps; one more is of begin, end and padding, or
                                    // of nothing if there is no such position
  Array maps;                       // (labels + 1, H, W): mean over heads, layers and areas
  Grid grid;  // of the tokens of the finest layer; empty if areas were looked at
};

// What Self-Attention Guidance did.
struct SagInsight {
  std::vector<AttnSite> layers;  // whose attention made the mask
  Array mask;                    // (H, W): 1 where the prediction was degraded, else 0
  Array x0;          // (1, C, H, W): the prediction before that, of the negative or the positive
  Array degraded;    // (1, C, H, W)
  Array effect;      // (H, W): |x0 - prediction of the degraded|, mean over channels
  float coverage;    // share of cells where the mask is 1
  double push_norm;  // Euclidean norm of what was added to the result
};

struct InsightStep {
  int prediction = 0;  // from 1; samplers of higher order make several per step
  float sigma = 0;
  Array denoised;                   // (1, C, H, W): the guided prediction
  Role role = Role::uncond;         // whose tokens the self-attention below is of
  Array received;                   // (H, W): attention that each cell receives, in the layers of
                                    // SAG or else in kInsightSite; may be empty
  Grid grid;                        // of its tokens; empty if areas were looked at
  std::optional<TokenPlane> query;  // how the token at the query point spreads its attention there
  std::vector<TextMaps> texts;      // one for each positive text
  double cfg_norm = 0;              // of (cond - uncond) * (scale - 1); 0 without a negative
  std::optional<SagInsight> sag;    // of the last application, if there was one
};

struct InsightRecord {
  models::UnetSpec unet;
  float latent_scale = 1;   // of the latents here; VAE scale = latent / latent_scale
  std::int64_t height = 0;  // of the latent, in cells
  std::int64_t width = 0;
  float query_x = 0;                     // 0..1 from the left
  float query_y = 0;                     // 0..1 from the top
  std::vector<std::string> text_layers;  // whose cross-attention was averaged, e.g. "input 4.0"
  std::vector<InsightStep> steps;
};

// The layers that InsightStep::received is of.
[[nodiscard]] std::vector<AttnSite> layers_of(const InsightStep& step);

// "middle 0.0": stage, block and transformer of a layer.
[[nodiscard]] std::string name_of(const AttnSite& site);

}  // namespace sagitta
