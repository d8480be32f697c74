// A model whose runs are watched: what its attention layers look at, and what Self-Attention
// Guidance makes of it. Watching changes no value of a run.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/insight/record.h"

namespace sagitta {

struct InsightParams {
  static constexpr int kCoarsest = -1;

  float query_x = 0.5F;
  float query_y = 0.5F;
  int text_level = kCoarsest;
  int item = 0;

  static constexpr auto fields() {
    return std::tuple{
        field("query_x", &InsightParams::query_x, {.min = 0, .max = 1, .step = 0.01},
              "Point whose attention is shown: from the left, as a part of the width."),
        field("query_y", &InsightParams::query_y, {.min = 0, .max = 1, .step = 0.01},
              "Point whose attention is shown: from the top, as a part of the height."),
        field("text_level", &InsightParams::text_level, {.min = kCoarsest, .max = 8},
              "Level of the UNet whose attention to the prompt is shown: 0 is the finest, -1 the "
              "coarsest that has attention and the middle block."),
        field("item", &InsightParams::item, {.min = 0, .max = 4095},
              "Which picture of a batch is watched.")};
  }
};

// Records the runs of a model: the self-attention of the first transformer of the middle block (of
// the negative's tokens, or the positive's where no negative is evaluated) and the cross-attention
// of the positive's. Costs O(tokens) memory per layer, the attention of one query and of the text
// layers once more, and no network pass. Throws unsupported for a model without attention in the
// middle block, bad_input for a level without attention.
[[nodiscard]] Model with_insight(Model model, const InsightParams& params);

// What the run with this scratch recorded; null if its model is not watched or nothing was
// predicted. Of several with_insight() the last one counts.
[[nodiscard]] std::shared_ptr<const InsightRecord> insight_of(const Model& model,
                                                              RunScratch& scratch);

}  // namespace sagitta
