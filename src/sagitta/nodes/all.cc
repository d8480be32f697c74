#include "sagitta/nodes/all.h"

#include "sagitta/nodes/families.h"
#include "sagitta/nodes/text_nodes.h"

namespace sagitta::nodes {

graph::Registry all_nodes() {
  graph::Registry registry;
  registry.add(sampling_nodes());
  registry.add(custom_sampling_nodes());
  registry.add(guider_nodes());
  registry.add(sampler_nodes());
  registry.add(scheduler_nodes());
  registry.add(sigma_nodes());
  registry.add(loader_nodes());
  registry.add(part_loader_nodes());
  registry.add(adapter_nodes());
  registry.add(merging_nodes());
  registry.add(saving_nodes());
  registry.add(control_nodes());
  registry.add(conditioning_nodes());
  registry.add(conditioning_sdxl_nodes());
  registry.add(conditioning_transform_nodes());
  registry.add(conditioning_pair_nodes());
  registry.add(latent_nodes());
  registry.add(tiled_vae_nodes());
  registry.add(latent_transform_nodes());
  registry.add(latent_arithmetic_nodes());
  registry.add(latent_batch_nodes());
  registry.add(latent_file_nodes());
  registry.add(inpaint_nodes());
  registry.add(image_nodes());
  registry.add(image_scale_nodes());
  registry.add(image_batch_nodes());
  registry.add(image_filter_nodes());
  registry.add(image_compositing_nodes());
  registry.add(mask_nodes());
  registry.add(guidance_nodes());
  registry.add(guidance_formula_nodes());
  registry.add(network_patch_nodes());
  registry.add(model_sampling_nodes());
  registry.add(latent_operation_nodes());
  registry.add(insight_nodes());
  registry.add(text_nodes());
  registry.add(text_pattern_nodes());
  registry.add(resolution_nodes());
  registry.add(utility_nodes());
  return registry;
}

}  // namespace sagitta::nodes
