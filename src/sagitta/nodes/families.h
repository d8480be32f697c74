// The node families, one function per file.
#pragma once

#include "sagitta/graph/node.h"

#include <vector>

namespace sagitta::nodes {

[[nodiscard]] std::vector<graph::NodeDef> loader_nodes();        // checkpoints
[[nodiscard]] std::vector<graph::NodeDef> adapter_nodes();       // LoRA
[[nodiscard]] std::vector<graph::NodeDef> conditioning_nodes();  // prompts to conditionings
[[nodiscard]] std::vector<graph::NodeDef> conditioning_transform_nodes();  // areas, masks, mixtures
[[nodiscard]] std::vector<graph::NodeDef> latent_nodes();        // latents, and the VAE's two ways
[[nodiscard]] std::vector<graph::NodeDef> sampling_nodes();      // KSampler and its kin
[[nodiscard]] std::vector<graph::NodeDef> guidance_nodes();      // models with changed guidance
[[nodiscard]] std::vector<graph::NodeDef> image_nodes();         // pictures in and out
[[nodiscard]] std::vector<graph::NodeDef> utility_nodes();       // wiring

}  // namespace sagitta::nodes
