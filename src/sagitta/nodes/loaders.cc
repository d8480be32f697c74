#include "sagitta/base/log.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/models/checkpoint.h"
#include "sagitta/nodes/embeddings.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kKind = "checkpoints";

std::filesystem::path checkpoint_file(const NodeCall& call) {
  return find_model(call.services.get<Services>(), kKind, call.text("ckpt_name"));
}

// A part that the file lacks is an empty value: only a node that needs it complains.
NodeResult load(const NodeCall& call) {
  const auto& services = call.services.get<Services>();
  const std::filesystem::path path = checkpoint_file(call);
  models::Checkpoint file = models::load_checkpoint(
      path, {.compute = services.device, .text = services.text_device, .vae = services.vae_device});
  NodeResult result;
  result.values.resize(3);
  if (file.unet) result.values[0] = make_model(services.device, *file.spec, file.unet);
  if (auto clip = make_clip(services.text_device, file)) {
    clip->embeddings = embedding_finder(services);
    result.values[1] = std::move(*clip);
  }
  if (const auto vae = make_vae(services.vae_device, file)) result.values[2] = *vae;
  return result;
}

graph::NodeDef checkpoint_loader(graph::NodeDef def, std::vector<graph::Input> before,
                                 std::optional<Json> options) {
  graph::Input name = graph::combo(
      "ckpt_name",
      [](const graph::ServicesRef& services) { return list_models(services.get<Services>(), kKind); },
      std::move(options));
  name.open_choices = true;  // a path to a file elsewhere is fine too
  def.category = "model/loaders";
  def.inputs = graph::inputs(std::move(before), std::move(name));
  def.outputs = {{.type = "MODEL"}, {.type = "CLIP"}, {.type = "VAE"}};
  def.run = load;
  def.check = [](const NodeCall& call) { static_cast<void>(checkpoint_file(call)); };
  def.fingerprint = [](const NodeCall& call) { return file_token(checkpoint_file(call)); };
  return def;
}

// What a configuration says shows in the checkpoint itself, so that any name will do.
graph::Input config_name() {
  graph::Input name = graph::combo("config_name", [](const graph::ServicesRef& services) {
    return list_models(services.get<Services>(), "configs", {".yaml"});
  });
  name.open_choices = true;
  return name;
}

}  // namespace

std::vector<graph::NodeDef> loader_nodes() {
  return {checkpoint_loader(
              {.id = "CheckpointLoaderSimple",
               .display_name = "Load Checkpoint",
               .description = "Loads the UNet, the text encoder and the VAE of a checkpoint."},
              {}, Json{{"tooltip", "A .safetensors file of the checkpoints folder."}}),
          checkpoint_loader(
              {.id = "CheckpointLoader",
               .display_name = "Load Checkpoint With Config (DEPRECATED)",
               .description = "Loads a checkpoint; the configuration is found in the file itself."},
              {config_name()}, std::nullopt)};
}

}  // namespace sagitta::nodes
