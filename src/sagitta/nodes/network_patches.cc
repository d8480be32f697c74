// Methods that change what happens inside the network.
#include "sagitta/diffusion/guidance/attention_multiply.h"
#include "sagitta/diffusion/guidance/deep_shrink.h"
#include "sagitta/diffusion/guidance/freeu.h"
#include "sagitta/diffusion/guidance/hypertile.h"
#include "sagitta/diffusion/guidance/nag.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/model_patch.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;
using graph::NodeStyle;

constexpr const char* kExperiments = "experimental/attention_experiments";

graph::NodeDef deep_shrink() {
  const auto method = [](const char* name, const char* tip) {
    return graph::combo(name, {"bicubic", "nearest-exact", "bilinear", "area", "bislerp"},
                        Json{{"multiselect", false}, {"tooltip", tip}});
  };
  graph::NodeDef def{
      .id = "PatchModelAddDownscale",
      .display_name = "PatchModelAddDownscale (Kohya Deep Shrink)",
      .category = "model/patch/unet",
      .description = "Works on a smaller feature map at first, for one composition at large sizes.",
      .inputs = advanced(graph::inputs(model_inputs<DeepShrinkParams>(),
                                       method("downscale_method", "How the feature map shrinks."),
                                       method("upscale_method", "How it grows back.")),
                         {"block_number", "start_percent", "end_percent", "downscale_after_skip"}),
      .outputs = {{.type = "MODEL"}},
      .style = NodeStyle::schema};
  def.run = [](const NodeCall& call) -> NodeResult {
    DeepShrinkParams params = graph::read<DeepShrinkParams>(call);
    params.downscale_method = resize_method(call.text("downscale_method"));
    params.upscale_method = resize_method(call.text("upscale_method"));
    return {.values = {with_deep_shrink(call.get<Model>("model"), params)}};
  };
  return def;
}

graph::NodeDef clip_attention_multiply() {
  return {
      .id = "CLIPAttentionMultiply",
      .category = kExperiments,
      .description = "Multiplies the attention weights of the text encoder.",
      .inputs = advanced(graph::inputs(graph::socket("clip", "CLIP", "The text encoder to change."),
                                       graph::widgets<AttentionFactors>()),
                         {"q", "k", "v", "out"}),
      .outputs = {{.type = "CLIP"}},
      .style = NodeStyle::schema,
      .experimental = true,
      .run = [](const NodeCall& call) -> NodeResult {
        return {.values = {with_attention_factors(call.get<Clip>("clip"),
                                                  graph::read<AttentionFactors>(call))}};
      }};
}

graph::NodeDef unet_attention_multiply(const char* id, const char* description,
                                       Model (*with)(Model, const AttentionFactors&)) {
  return patch_node({.id = id,
                     .category = kExperiments,
                     .description = description,
                     .inputs = advanced(model_inputs<AttentionFactors>(), {"q", "k", "v", "out"}),
                     .style = NodeStyle::schema,
                     .experimental = true},
                    with);
}

}  // namespace

std::vector<graph::NodeDef> network_patch_nodes() {
  return {
      patch_node({.id = "FreeU",
                  .category = "model/patch/unet",
                  .description = "Strengthens the network's backbone against its skip connections.",
                  .inputs = advanced(model_inputs<FreeUParams>(), {"b1", "b2", "s1", "s2"}),
                  .style = NodeStyle::schema},
                 with_freeu),
      patch_node({.id = "FreeU_V2",
                  .category = "model/patch/unet",
                  .description = "FreeU that strengthens the backbone where it is strong.",
                  .inputs = advanced(model_inputs<FreeUV2Params>(), {"b1", "b2", "s1", "s2"}),
                  .style = NodeStyle::schema},
                 with_freeu_v2),
      patch_node(
          {.id = "HyperTile",
           .category = "model/patch/unet",
           .description = "Computes fine self-attention in tiles, which is faster at large sizes.",
           .inputs = advanced(model_inputs<HyperTileParams>(),
                              {"tile_size", "swap_size", "max_depth", "scale_depth"}),
           .style = NodeStyle::schema},
          with_hypertile),
      deep_shrink(),
      patch_node({.id = "NAGuidance",
                  .display_name = "Normalized Attention Guidance",
                  .category = "advanced/guidance",
                  .description = "Guides attention away from the negative prompt, also at CFG 1.",
                  .style = NodeStyle::schema,
                  .experimental = true},
                 with_nag),
      unet_attention_multiply("UNetSelfAttentionMultiply",
                              "Multiplies the self-attention weights of the model.",
                              with_self_attention_factors),
      unet_attention_multiply("UNetCrossAttentionMultiply",
                              "Multiplies the cross-attention weights of the model.",
                              with_cross_attention_factors),
      patch_node({.id = "UNetTemporalAttentionMultiply",
                  .category = kExperiments,
                  .description = "Multiplies the attention outputs of the model.",
                  .inputs = advanced(
                      model_inputs<TemporalAttentionFactors>(),
                      {"self_structural", "self_temporal", "cross_structural", "cross_temporal"}),
                  .style = NodeStyle::schema,
                  .experimental = true},
                 with_temporal_attention_factors),
      clip_attention_multiply(),
  };
}

}  // namespace sagitta::nodes
