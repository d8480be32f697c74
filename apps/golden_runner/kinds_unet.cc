// The UNet: whole calls, and its blocks with weights of their own.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/vector_conditioning.h"
#include "sagitta/models/load.h"
#include "sagitta/models/unet/blocks.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/ops/elementwise.h"

namespace golden {
namespace {

using sagitta::Activation;
using sagitta::Array;
using sagitta::Conv3x3;
using sagitta::Device;
using sagitta::Json;
using sagitta::Model;
using sagitta::Patches;
using sagitta::Tensor;
using sagitta::UpsampleConv;
using sagitta::UnetPass;
namespace models = sagitta::models;
namespace ops = sagitta::ops;

bool in_unet(const GoldenFile& file) { return file.folder == "unet" && !file.is_json(); }

bool is_forward(const GoldenFile& file) { return in_unet(file) && file.has("unet_out0"); }
bool is_res_block(const GoldenFile& file) {
  return in_unet(file) && file.has("weights.in_layers.2.weight");
}
bool is_resample(const GoldenFile& file) { return in_unet(file) && file.has("weights.op.weight"); }
bool is_transformer(const GoldenFile& file) {
  return in_unet(file) && file.has("weights.proj_in.weight");
}
bool is_timestep_embedding(const GoldenFile& file) { return in_unet(file) && file.has("t"); }

Tensor put(Device& device, const Array& nchw) { return upload(device, to_channels_last(nchw)); }
Array take(const Tensor& nhwc) { return to_channels_first(download(nhwc)); }

void check_forward(const GoldenFile& file, Context& context, Report& report) {
  const Model model = model_of(file, context);
  const Tolerance tolerance = file.tolerances().first();
  const Json params = file.params();
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const auto name = [i](const char* tensor) { return fmt::format("{}{}", tensor, i); };
    report.attempt(name("case"), [&] {
      const Array x = file.array(name("x"));
      const Array sigma = file.array(name("sigma"));
      const Array scaled = model.sampling.calculate_input(sigma.values(), x);
      report.check(name("unet_in"), scaled, file.array(name("unet_in")), tolerance);
      Array timesteps = sigma;
      for (float& value : timesteps.values()) value = model.sampling.timestep(value);
      report.check(name("timestep"), timesteps, file.array(name("timestep")), tolerance);
      models::UnetInput input{.x = put(context.device(), scaled),
                              .timesteps = {timesteps.values().begin(), timesteps.values().end()},
                              .context = upload(context.device(), file.array(name("context"))),
                              .vector = {}};
      if (file.has(name("y"))) input.vector = upload(context.device(), file.array(name("y")));
      const Array out = take((*model.unet)(input));
      report.check(name("unet_out"), out, file.array(name("unet_out")), tolerance);
      report.check(name("denoised"), model.sampling.calculate_denoised(sigma.values(), out, x),
                   file.array(name("denoised")), tolerance);
    });
  }
}

// Loads the file's own weights, whose names begin with prefix.
template <class Module>
Module with_weights(Module module, const GoldenFile& file, const char* prefix, Context& context) {
  const sagitta::StateDict weights = models::with_prefix(file.tensors, prefix);
  require_complete(models::load_module(module, &context.device(), weights, "block"), file.name);
  return module;
}

void check_res_block(const GoldenFile& file, Context& context, Report& report) {
  const sagitta::Shape& conv = file.tensor("weights.in_layers.2.weight").shape;
  const sagitta::Shape& emb = file.tensor("weights.emb_layers.1.weight").shape;
  const auto block =
      with_weights(models::ResBlock(conv.at(1), conv.at(0), emb.at(1)), file, "weights.", context);
  const Tensor embedding = upload(context.device(), file.array("emb"));
  const Tensor out =
      block(put(context.device(), file.array("x")), ops::activate(Activation::silu, embedding));
  report.check("out", take(out), file.array("out"), file.tolerances().first());
}

void check_resample(const GoldenFile& file, Context& context, Report& report) {
  const std::int64_t channels = file.tensor("weights.op.weight").shape.at(0);
  const auto down =
      with_weights(Conv3x3(channels, channels, Conv3x3::Kind::halve), file, "weights.op.", context);
  const auto up = with_weights(UpsampleConv(channels), file, "up_weights.conv.", context);
  const Tolerance tolerance = file.tolerances().first();
  const Tensor x = put(context.device(), file.array("x"));
  const Tensor small = down(x);
  report.check("down", take(small), file.array("down"), tolerance);
  for (const auto& [name, tensor] : file.tensors) {
    if (name != "up" && !name.starts_with("up_to_")) continue;
    const sagitta::Shape& size = tensor.shape;
    report.check(name, take(up(small, size.at(2), size.at(3))), file.array(name), tolerance);
  }
}

void check_transformer(const GoldenFile& file, Context& context, Report& report) {
  constexpr std::int64_t kHeadWidth = 64;
  const std::int64_t channels = file.tensor("weights.proj_in.weight").shape.at(0);
  const std::int64_t width =
      file.tensor("weights.transformer_blocks.0.attn2.to_k.weight").shape.at(1);
  int depth = 0;
  while (file.has(fmt::format("weights.transformer_blocks.{}.norm1.weight", depth))) ++depth;
  const auto heads = static_cast<int>(std::max<std::int64_t>(1, channels / kHeadWidth));
  const auto transformer = with_weights(models::SpatialTransformer(channels, width, heads, depth),
                                        file, "weights.", context);
  const Patches patches;
  const UnetPass pass;
  const Tensor out = transformer(put(context.device(), file.array("x")),
                                 upload(context.device(), file.array("context")),
                                 {.at = {}, .grid = {}, .patches = patches, .pass = pass});
  report.check("out", take(out), file.array("out"), file.tolerances().first());
}

void check_timestep_embedding(const GoldenFile& file, Context&, Report& report) {
  const Array timesteps = file.array("t");
  for (const auto& [name, tensor] : file.tensors) {
    if (!name.starts_with("emb")) continue;
    report.check(name, models::timestep_embedding(timesteps.values(), tensor.shape.at(1)),
                 to_array(tensor), file.tolerances().first());
  }
}

}  // namespace

const Kind kUnetForwardKind{.name = "UNet call", .matches = is_forward, .run = check_forward};
const Kind kResBlockKind{.name = "residual block", .matches = is_res_block, .run = check_res_block};
const Kind kResampleKind{.name = "resampling", .matches = is_resample, .run = check_resample};
const Kind kTransformerKind{
    .name = "spatial transformer", .matches = is_transformer, .run = check_transformer};
const Kind kTimestepEmbeddingKind{.name = "timestep embedding",
                                  .matches = is_timestep_embedding,
                                  .run = check_timestep_embedding};

}  // namespace golden
