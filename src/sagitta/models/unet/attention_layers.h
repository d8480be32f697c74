// The attention layers of a UNet under the names that users of the field write: d0, d1, ... on the
// way down, m0 in the middle, u0, u1, ... on the way up, counting the blocks that have attention;
// ".N" is a transformer inside a block. SD 1.x has d0-d5, m0, u0-u8.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/nn/patches.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::models {

struct AttentionLayer {
  std::string name;           // of the block: "d2"
  AttnSite at;                // depth kAnyDepth
  int depth = 0;              // transformers in the block
  std::int64_t channels = 0;
  int heads = 0;
  std::int64_t downscale = 1; // latent cells per token, along one axis
};

// From the way down over the middle to the way up.
[[nodiscard]] std::vector<AttentionLayer> attention_layers(const UnetSpec& spec);

// The sites of a list such as "m0", "d2.1, u3" or "d2.0-4": a block means all its transformers.
// Separators are commas or spaces. Throws bad_input naming the model's layers for a layer that it
// has not, for a bad name and for an empty list.
[[nodiscard]] std::vector<AttnSite> parse_layers(const UnetSpec& spec, std::string_view list);

}  // namespace sagitta::models
