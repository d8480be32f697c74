#include "sagitta/models/clip/text_model.h"

#include "sagitta/base/error.h"
#include "sagitta/ops/attention.h"

#include <algorithm>
#include <utility>

namespace sagitta::models {

ClipLayer::ClipLayer(const ClipSpec& spec)
    : norm1(spec.width),
      q(spec.width, spec.width),
      k(spec.width, spec.width),
      v(spec.width, spec.width),
      out(spec.width, spec.width),
      norm2(spec.width),
      fc1(spec.width, spec.hidden),
      fc2(spec.hidden, spec.width),
      heads(spec.heads),
      activation(spec.quick_gelu ? Activation::quick_gelu : Activation::gelu) {}

Tensor ClipLayer::operator()(const Tensor& x) const {
  const Tensor n = norm1(x);
  const Tensor mixed = ops::attention(q(n), k(n), v(n), {.heads = heads, .causal = true});
  const Tensor h = out(mixed, {.residual = &x});
  return fc2(fc1(norm2(h), {.activation = activation}), {.residual = &h});
}

void ClipLayer::params(ParamVisitor& visit) {
  visit("layer_norm1", norm1);
  visit("self_attn.q_proj", q);
  visit("self_attn.k_proj", k);
  visit("self_attn.v_proj", v);
  visit("self_attn.out_proj", out);
  visit("layer_norm2", norm2);
  visit("mlp.fc1", fc1);
  visit("mlp.fc2", fc2);
}

ClipTextModel::ClipTextModel(const ClipSpec& spec)
    : spec_(spec),
      tokens_{.shape = {spec.vocabulary, spec.width}, .values = {}},
      positions_{.shape = {spec.positions, spec.width}, .values = {}},
      layers_(static_cast<std::size_t>(spec.layers), ClipLayer(spec)),
      final_norm_(spec.width) {
  if (spec.projection > 0) projection_.emplace(spec.width, spec.projection, false);
}

void ClipTextModel::params(ParamVisitor& visit) {
  visit("text_model.embeddings.token_embedding.weight", tokens_);
  visit("text_model.embeddings.position_embedding.weight", positions_);
  visit.list("text_model.encoder.layers", layers_);
  visit("text_model.final_layer_norm", final_norm_);
  if (projection_) visit("text_projection", *projection_);
}

void ClipTextModel::token_embedding(int id, std::span<float> out) const {
  require(id >= 0 && id < spec_.vocabulary, Fault::bad_input,
          "token {} is outside the text encoder's vocabulary of {}", id, spec_.vocabulary);
  const StoredTensor& table = tokens_.values;
  const auto row = static_cast<std::size_t>(id) * static_cast<std::size_t>(spec_.width);
  widen(table.data + row * size_of(table.dtype), table.dtype, out);
  if (table.scale != 1) {
    for (float& value : out) value *= table.scale;
  }
}

ClipTextModel::Output ClipTextModel::operator()(Device& device, const Array& embedded,
                                                std::optional<int> layer) const {
  const std::int64_t tokens = embedded.dim(1);
  require(embedded.dim(2) == spec_.width && tokens <= spec_.positions, Fault::internal,
          "the text encoder wants (B, <= {}, {}), got {}", spec_.positions, spec_.width,
          to_string(embedded.shape()));
  const Array positions = to_array(positions_.values);
  Array input = embedded;
  const auto sample = static_cast<std::size_t>(tokens * spec_.width);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] += positions[i % sample];

  const int original_depth = spec_.layers + spec_.omitted_layers;
  const int wanted = layer.value_or(spec_.default_layer);
  const bool beyond = wanted >= 0 || wanted < -original_depth;
  const int last = spec_.layers - 1;
  const int chosen = beyond ? last : std::min(original_depth + wanted, last);
  Tensor h = upload(device, input);
  Tensor hidden;
  for (int i = 0; i <= last; ++i) {
    h = layers_[static_cast<std::size_t>(i)](h);
    if (i == chosen) hidden = h;
  }
  const bool normed = beyond || spec_.final_norm;
  Output out;
  out.last = download(final_norm_(h));
  if (chosen == last && normed) {
    out.hidden = out.last;
  } else {
    out.hidden = download(normed ? final_norm_(hidden) : hidden);
  }
  return out;
}

Array ClipTextModel::project(Device& device, const Array& pooled) const {
  if (!projection_ || !spec_.project_pooled) return pooled;
  return download((*projection_)(upload(device, pooled)));
}

}  // namespace sagitta::models
