// Factors on the weights (and biases) of attention projections, for experiments.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/text_encoder.h"

namespace sagitta {

struct AttentionFactors {
  float q = 1;
  float k = 1;
  float v = 1;
  float out = 1;

  static constexpr auto fields() {
    constexpr Range kRange{.min = 0, .max = 10, .step = 0.01};
    return std::tuple{field("q", &AttentionFactors::q, kRange, "Factor of the queries."),
                      field("k", &AttentionFactors::k, kRange, "Factor of the keys."),
                      field("v", &AttentionFactors::v, kRange, "Factor of the values."),
                      field("out", &AttentionFactors::out, kRange, "Factor of the output.")};
  }
};

// The output of attention layers. `temporal` layers belong to video models; images have none.
struct TemporalAttentionFactors {
  float self_structural = 1;
  float self_temporal = 1;
  float cross_structural = 1;
  float cross_temporal = 1;

  static constexpr auto fields() {
    using Factors = TemporalAttentionFactors;
    constexpr Range kRange{.min = 0, .max = 10, .step = 0.01};
    return std::tuple{field("self_structural", &Factors::self_structural, kRange,
                            "Factor of self-attention inside a picture."),
                      field("self_temporal", &Factors::self_temporal, kRange,
                            "Factor of self-attention between the pictures of a video."),
                      field("cross_structural", &Factors::cross_structural, kRange,
                            "Factor of cross-attention inside a picture."),
                      field("cross_temporal", &Factors::cross_temporal, kRange,
                            "Factor of cross-attention between the pictures of a video.")};
  }
};

// Weights change in the order in which this and adapters (LoRA) are applied.
[[nodiscard]] Model with_self_attention_factors(Model model, const AttentionFactors& factors);
[[nodiscard]] Model with_cross_attention_factors(Model model, const AttentionFactors& factors);
[[nodiscard]] Model with_temporal_attention_factors(Model model,
                                                    const TemporalAttentionFactors& factors);
[[nodiscard]] Clip with_attention_factors(Clip clip, const AttentionFactors& factors);

}  // namespace sagitta
