#include "sagitta/models/save.h"

#include "sagitta/base/error.h"
#include "sagitta/models/layouts/text.h"

#include <memory>
#include <string>
#include <utility>

namespace sagitta::models {
namespace {

// Where checkpoints keep an encoder, and whether under OpenCLIP's names.
struct Place {
  std::string_view prefix;
  bool openclip = false;
};

Place place_of(const ClipSpec& spec, bool beside_another) {
  if (spec.key == "clip_h") return {"cond_stage_model.model.", true};
  if (spec.key == "clip_g") {
    return {beside_another ? "conditioner.embedders.1.model." : "conditioner.embedders.0.model.", true};
  }
  return {beside_another ? "conditioner.embedders.0.transformer." : "cond_stage_model.transformer."};
}

void add(io::TensorSources& all, io::TensorSources more, std::string_view prefix) {
  for (auto& [name, source] : more) all[std::string(prefix) + name] = std::move(source);
}

}  // namespace

io::TensorSources weight_sources(const Weights& weights, std::string_view prefix) {
  require(!weights.empty(), Fault::bad_input,
          "cannot save: the source of this network's weights is not known");
  const auto shared = std::make_shared<const Weights>(weights);
  io::TensorSources sources;
  for (const std::string& name : weights.names()) {
    const StoredTensor& stored = *weights.find(name);
    io::TensorSource source = io::source_of(stored);
    if (weights.edited(name) || stored.scale != 1) {
      source.dtype = DType::f32;
      source.values = [shared, name] { return to_stored(shared->value(name)); };
    }
    sources[std::string(prefix) + name] = std::move(source);
  }
  return sources;
}

io::TensorSources text_sources(const std::vector<Network<ClipTextModel>>& encoders) {
  io::TensorSources all;
  for (const Network<ClipTextModel>& encoder : encoders) {
    const Place place = place_of(encoder.spec(), encoders.size() > 1);
    io::TensorSources sources = weight_sources(encoder.weights());
    add(all, place.openclip ? openclip_names(sources) : std::move(sources), place.prefix);
  }
  return all;
}

}  // namespace sagitta::models
