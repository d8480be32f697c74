// The weights of networks as a checkpoint in the single-file layout holds them.
#pragma once

#include "sagitta/io/safetensors.h"
#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/network.h"

#include <string_view>
#include <vector>

namespace sagitta::models {

// All weights with their edits, under prefix + name: in the type in which they are stored or, where
// they were changed, in f32, so that nothing is lost. Throws bad_input if their source is not
// known.
[[nodiscard]] io::TensorSources weight_sources(const Weights& weights,
                                               std::string_view prefix = {});

// Text encoders under the prefixes and names that checkpoints of their families have.
[[nodiscard]] io::TensorSources text_sources(const std::vector<Network<ClipTextModel>>& encoders);

}  // namespace sagitta::models
