// Loaders of single networks, and of diffusers folders.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/nodes/embeddings.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

#include <utility>

namespace sagitta::nodes {
namespace {

namespace fs = std::filesystem;
using graph::NodeCall;
using graph::NodeResult;

models::CheckpointDevices devices_of(const Services& services) {
  return {.compute = services.device, .text = services.text_device, .vae = services.vae_device};
}

// A file of a model folder; a path to a file elsewhere is fine too.
graph::Input file_input(const char* name, std::string kind) {
  graph::Input input = graph::combo(name, [kind = std::move(kind)](const graph::ServicesRef& services) {
    return list_models(services.get<Services>(), kind);
  });
  input.open_choices = true;
  return input;
}

fs::path file_of(const NodeCall& call, const char* input, const char* kind) {
  return find_model(call.services.get<Services>(), kind, call.text(input));
}

// A node whose inputs name files of one folder: missing files are found before anything runs, and
// changed ones are loaded again.
graph::NodeDef watching(graph::NodeDef node, std::vector<const char*> inputs, const char* kind) {
  node.check = [inputs, kind](const NodeCall& call) {
    for (const char* input : inputs) static_cast<void>(file_of(call, input, kind));
  };
  node.fingerprint = [inputs, kind](const NodeCall& call) {
    std::string tokens;
    for (const char* input : inputs) tokens += file_token(file_of(call, input, kind)) + "\n";
    return tokens;
  };
  return node;
}

NodeResult clip_result(const Services& services, const models::Checkpoint& file) {
  Clip clip = make_clip(services.text_device, file).value();
  clip.embeddings = embedding_finder(services);
  return {.values = {std::move(clip)}};
}

graph::NodeDef unet_loader() {
  constexpr const char* kKind = "diffusion_models";
  return watching(
      {.id = "UNETLoader",
       .display_name = "Load Diffusion Model",
       .category = "model/loaders",
       .description = "Loads a UNet from a file of its own.",
       .inputs = graph::inputs(file_input("unet_name", kKind),
                               graph::combo("weight_dtype", {"default"}, Json{{"advanced", true}})),
       .outputs = {{.type = "MODEL"}},
       .run = [](const NodeCall& call) -> NodeResult {
         const auto& services = call.services.get<Services>();
         const models::Checkpoint file =
             models::load_unet(file_of(call, "unet_name", kKind), devices_of(services));
         return {.values = {make_model(services.device, *file.spec, file.unet)}};
       }},
      {"unet_name"}, kKind);
}

graph::NodeDef vae_loader() {
  constexpr const char* kKind = "vae";
  return watching({.id = "VAELoader",
                   .display_name = "Load VAE",
                   .category = "model/loaders",
                   .description = "Loads an autoencoder from a file of its own.",
                   .inputs = graph::inputs(file_input("vae_name", kKind)),
                   .outputs = {{.type = "VAE"}},
                   .run = [](const NodeCall& call) -> NodeResult {
                     const auto& services = call.services.get<Services>();
                     const models::Checkpoint file =
                         models::load_vae(file_of(call, "vae_name", kKind), devices_of(services));
                     return {.values = {make_vae(services.vae_device, file).value()}};
                   }},
                  {"vae_name"}, kKind);
}

constexpr const char* kTextKind = "text_encoders";

// Text encoders always run on the same device, so that the choice has no effect.
graph::Input device_input() {
  return graph::optional(graph::combo("device", {"default", "cpu"}, Json{{"advanced", true}}));
}

graph::NodeDef clip_loader() {
  return watching({.id = "CLIPLoader",
                   .display_name = "Load CLIP",
                   .category = "model/loaders",
                   .description = "Loads a text encoder; which one it is shows in the file.",
                   .inputs = graph::inputs(file_input("clip_name", kTextKind),
                                           graph::combo("type", {"stable_diffusion"}), device_input()),
                   .outputs = {{.type = "CLIP"}},
                   .run = [](const NodeCall& call) -> NodeResult {
                     const auto& services = call.services.get<Services>();
                     return clip_result(
                         services, models::load_text_encoder(file_of(call, "clip_name", kTextKind),
                                                             devices_of(services)));
                   }},
                  {"clip_name"}, kTextKind);
}

graph::NodeDef dual_clip_loader() {
  return watching(
      {.id = "DualCLIPLoader",
       .display_name = "Load CLIP (Dual)",
       .category = "model/loaders",
       .description = "Loads SDXL's two text encoders, in either order.",
       .inputs = graph::inputs(file_input("clip_name1", kTextKind), file_input("clip_name2", kTextKind),
                               graph::combo("type", {"sdxl"}), device_input()),
       .outputs = {{.type = "CLIP"}},
       .run = [](const NodeCall& call) -> NodeResult {
         const auto& services = call.services.get<Services>();
         return clip_result(services,
                            models::load_sdxl_encoders(file_of(call, "clip_name1", kTextKind),
                                                       file_of(call, "clip_name2", kTextKind),
                                                       devices_of(services)));
       }},
      {"clip_name1", "clip_name2"}, kTextKind);
}

constexpr const char* kIndex = "/model_index.json";
constexpr const char* kDiffusersKind = "diffusers";

// Folders count as models by their index.
std::vector<std::string> list_diffusers(const graph::ServicesRef& services) {
  std::vector<std::string> folders;
  for (std::string& name : list_models(services.get<Services>(), kDiffusersKind, {".json"})) {
    if (!name.ends_with(kIndex)) continue;
    name.resize(name.size() - std::string_view(kIndex).size());
    folders.push_back(std::move(name));
  }
  return folders;
}

fs::path diffusers_index(const NodeCall& call) {
  return find_model(call.services.get<Services>(), kDiffusersKind, call.text("model_path") + kIndex);
}

graph::NodeDef diffusers_loader() {
  graph::Input path = graph::combo("model_path", list_diffusers);
  path.open_choices = true;
  return {.id = "DiffusersLoader",
          .display_name = "Load Diffusers Model (DEPRECATED)",
          .category = "model/loaders",
          .description = "Loads a folder of diffusers: unet, vae and text_encoder.",
          .inputs = graph::inputs(std::move(path)),
          .outputs = {{.type = "MODEL"}, {.type = "CLIP"}, {.type = "VAE"}},
          .run = [](const NodeCall& call) -> NodeResult {
            const auto& services = call.services.get<Services>();
            const models::Checkpoint model =
                models::load_diffusers(diffusers_index(call).parent_path(), devices_of(services));
            return {.values = {make_model(services.device, *model.spec, model.unet),
                               clip_result(services, model).values.front(),
                               make_vae(services.vae_device, model).value()}};
          },
          .check = [](const NodeCall& call) { static_cast<void>(diffusers_index(call)); },
          .fingerprint = [](const NodeCall& call) { return file_token(diffusers_index(call)); }};
}

}  // namespace

std::vector<graph::NodeDef> part_loader_nodes() {
  return {unet_loader(), vae_loader(), clip_loader(), dual_clip_loader(), diffusers_loader()};
}

}  // namespace sagitta::nodes
