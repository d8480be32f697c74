// The CLIP text transformer (Radford et al. 2021), as Stable Diffusion conditions on it: CLIP-L, and
// the OpenCLIP models of later families, which differ in width, depth and activation only.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/nn/layers.h"

#include <optional>
#include <span>
#include <vector>

namespace sagitta::models {

struct ClipLayer {
  ClipLayer() = default;
  explicit ClipLayer(const ClipSpec& spec);
  Tensor operator()(const Tensor& x) const;  // (B, T, width), causal
  void params(ParamVisitor& visit);

  LayerNorm norm1;
  Linear q;
  Linear k;
  Linear v;
  Linear out;
  LayerNorm norm2;
  Linear fc1;
  Linear fc2;
  int heads = 1;
  Activation activation = Activation::quick_gelu;
};

class ClipTextModel {
 public:
  explicit ClipTextModel(const ClipSpec& spec);
  void params(ParamVisitor& visit);
  [[nodiscard]] const ClipSpec& spec() const { return spec_; }

  // The embedding of a token, width numbers. id must be in 0..vocabulary-1 (bad_input).
  void token_embedding(int id, std::span<float> out) const;

  struct Output {
    Array hidden;  // (B, T, width): the chosen layer
    Array last;    // (B, T, width): the last layer after the final norm
  };
  // embedded: (B, T, width) token embeddings without positions; T at most spec().positions. layer:
  // -1 is the last, -2 the last but one, ...; none: the specification's default. What the
  // specification says about the final norm holds for it; a layer beyond the depth stands for the
  // last one with the final norm.
  [[nodiscard]] Output operator()(Device& device, const Array& embedded,
                                  std::optional<int> layer = {}) const;

  // The pooled text vector through the text projection: (B, width) -> (B, projection). Identity
  // where the model has none, or the family does not use it.
  [[nodiscard]] Array project(Device& device, const Array& pooled) const;

 private:
  ClipSpec spec_;
  Table tokens_;
  Table positions_;
  std::vector<ClipLayer> layers_;
  LayerNorm final_norm_;
  std::optional<Linear> projection_;
};

}  // namespace sagitta::models
