// The node families, one function per file.
#pragma once

#include "sagitta/graph/node.h"

#include <vector>

namespace sagitta::nodes {

[[nodiscard]] std::vector<graph::NodeDef> loader_nodes();        // checkpoints
[[nodiscard]] std::vector<graph::NodeDef> part_loader_nodes();   // single networks, diffusers folders
[[nodiscard]] std::vector<graph::NodeDef> adapter_nodes();       // LoRA
[[nodiscard]] std::vector<graph::NodeDef> merging_nodes();       // two models in one
[[nodiscard]] std::vector<graph::NodeDef> saving_nodes();        // models to files
[[nodiscard]] std::vector<graph::NodeDef> conditioning_nodes();  // prompts to conditionings
[[nodiscard]] std::vector<graph::NodeDef> control_nodes();       // ControlNets
[[nodiscard]] std::vector<graph::NodeDef> conditioning_sdxl_nodes();  // prompts with sizes
[[nodiscard]] std::vector<graph::NodeDef> conditioning_transform_nodes();  // areas, masks, mixtures
[[nodiscard]] std::vector<graph::NodeDef> conditioning_pair_nodes();  // masks, ranges, defaults
[[nodiscard]] std::vector<graph::NodeDef> inpaint_nodes();       // parts of pictures, instructions
[[nodiscard]] std::vector<graph::NodeDef> latent_nodes();        // latents, and the VAE's two ways
[[nodiscard]] std::vector<graph::NodeDef> latent_transform_nodes();   // resized, cut, laid together
[[nodiscard]] std::vector<graph::NodeDef> latent_arithmetic_nodes();  // added, joined, cut
[[nodiscard]] std::vector<graph::NodeDef> latent_batch_nodes();       // repeated, picked, joined
[[nodiscard]] std::vector<graph::NodeDef> latent_file_nodes();        // latents in and out
[[nodiscard]] std::vector<graph::NodeDef> tiled_vae_nodes();          // the VAE's two ways in tiles
[[nodiscard]] std::vector<graph::NodeDef> sampling_nodes();      // KSampler and its kin
[[nodiscard]] std::vector<graph::NodeDef> custom_sampling_nodes();  // the same from parts, noise
[[nodiscard]] std::vector<graph::NodeDef> guider_nodes();        // guiders, guidance over time
[[nodiscard]] std::vector<graph::NodeDef> sampler_nodes();       // samplers with options
[[nodiscard]] std::vector<graph::NodeDef> scheduler_nodes();     // schedules
[[nodiscard]] std::vector<graph::NodeDef> sigma_nodes();         // tools for schedules
[[nodiscard]] std::vector<graph::NodeDef> guidance_nodes();      // models with changed guidance
[[nodiscard]] std::vector<graph::NodeDef> guidance_formula_nodes();  // RescaleCFG, APG and their kin
[[nodiscard]] std::vector<graph::NodeDef> network_patch_nodes();     // FreeU, HyperTile, multipliers
[[nodiscard]] std::vector<graph::NodeDef> model_sampling_nodes();    // other noise levels, predictions
[[nodiscard]] std::vector<graph::NodeDef> latent_operation_nodes();  // tone mapping, sharpening
[[nodiscard]] std::vector<graph::NodeDef> insight_nodes();       // what a run looked at
[[nodiscard]] std::vector<graph::NodeDef> image_nodes();         // pictures in and out
[[nodiscard]] std::vector<graph::NodeDef> image_scale_nodes();        // other sizes
[[nodiscard]] std::vector<graph::NodeDef> image_batch_nodes();        // made, joined, divided
[[nodiscard]] std::vector<graph::NodeDef> image_filter_nodes();       // other values
[[nodiscard]] std::vector<graph::NodeDef> image_compositing_nodes();  // over one another
[[nodiscard]] std::vector<graph::NodeDef> mask_nodes();
[[nodiscard]] std::vector<graph::NodeDef> resolution_nodes();    // sizes to begin with
[[nodiscard]] std::vector<graph::NodeDef> utility_nodes();       // wiring

}  // namespace sagitta::nodes
