// The other way: a picture's "parameters" from the graph that made it, for programs that read no
// workflows.
#pragma once

#include "sagitta/graph/parameters_text.h"
#include "sagitta/graph/prompt.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sagitta::graph {

// Of the picture (width x height pixels) that the input "images" of the node gets. Nothing unless
// the graph is an ordinary generation: CheckpointLoaderSimple, any LoRAs, Self-Attention Guidance,
// a VAE and CLIP skip of their own, two CLIPTextEncode with texts, an empty latent or an encoded
// picture, KSampler, VAEDecode.
[[nodiscard]] std::optional<ParametersText> describe_parameters(const Prompt& prompt,
                                                                std::string_view node,
                                                                std::int64_t width,
                                                                std::int64_t height);

}  // namespace sagitta::graph
