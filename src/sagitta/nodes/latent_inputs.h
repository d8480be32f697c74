// What the nodes that change latents share.
#pragma once

#include "sagitta/diffusion/sample.h"
#include "sagitta/graph/node.h"

namespace sagitta::nodes {

// Pixels of a picture under one cell of a latent, by which sizes and places of latents are given.
inline constexpr std::int64_t kPixelsPerCell = 8;

// The linked latent. Throws bad_input naming the input unless its samples are (B, C, H, W).
[[nodiscard]] Latent latent_of(const graph::NodeCall& call, std::string_view name);

}  // namespace sagitta::nodes
