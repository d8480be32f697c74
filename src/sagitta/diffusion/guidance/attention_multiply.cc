#include "sagitta/diffusion/guidance/attention_multiply.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sagitta {
namespace {

// A projection: what its weight's name ends in, without ".weight" or ".bias".
struct Projection {
  std::string_view layer;
  std::string_view name;
  float factor;
  std::optional<bool> temporal = {};  // whether it must belong to a temporal layer
};

bool names(const Projection& projection, std::string_view weight) {
  constexpr std::string_view kTimeStack = ".time_stack.";
  for (const std::string_view kind : {".weight", ".bias"}) {
    if (!weight.ends_with(kind)) continue;
    const std::string_view path = weight.substr(0, weight.size() - kind.size());
    const std::string ending = std::string(projection.layer) + "." + std::string(projection.name);
    const bool temporal = weight.find(kTimeStack) != std::string_view::npos;
    return path.ends_with(ending) && projection.temporal.value_or(temporal) == temporal;
  }
  return false;
}

template <class Net>
models::Network<Net> multiply(const models::Network<Net>& network,
                              std::span<const Projection> projections) {
  models::WeightEdits edits;
  for (const std::string& weight : network.weights().names()) {
    for (const Projection& projection : projections) {
      if (projection.factor == 1 || !names(projection, weight)) continue;
      edits[weight] = [factor = projection.factor](Array& values) { values *= factor; };
    }
  }
  return network.with(edits);
}

Model with_factors(Model model, std::string_view layer, const AttentionFactors& factors) {
  const Projection projections[] = {{layer, "to_q", factors.q},
                                    {layer, "to_k", factors.k},
                                    {layer, "to_v", factors.v},
                                    {layer, "to_out.0", factors.out}};
  model.unet = multiply(model.unet, projections);
  return model;
}

}  // namespace

Model with_self_attention_factors(Model model, const AttentionFactors& factors) {
  return with_factors(std::move(model), "attn1", factors);
}

Model with_cross_attention_factors(Model model, const AttentionFactors& factors) {
  return with_factors(std::move(model), "attn2", factors);
}

Model with_temporal_attention_factors(Model model, const TemporalAttentionFactors& factors) {
  const Projection projections[] = {{"attn1", "to_out.0", factors.self_structural, false},
                                    {"attn1", "to_out.0", factors.self_temporal, true},
                                    {"attn2", "to_out.0", factors.cross_structural, false},
                                    {"attn2", "to_out.0", factors.cross_temporal, true}};
  model.unet = multiply(model.unet, projections);
  return model;
}

Clip with_attention_factors(Clip clip, const AttentionFactors& factors) {
  const Projection projections[] = {{"self_attn", "q_proj", factors.q},
                                    {"self_attn", "k_proj", factors.k},
                                    {"self_attn", "v_proj", factors.v},
                                    {"self_attn", "out_proj", factors.out}};
  for (auto& encoder : clip.encoders) encoder = multiply(encoder, projections);
  return clip;
}

}  // namespace sagitta
