// Models, text encoders and autoencoders to files, with all that was done to their weights.
#include "sagitta/base/log.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/save.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

#include <utility>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kUnetPrefix = "model.diffusion_model.";

// How the file came to be, as pictures tell it.
io::Metadata workflow_of(const NodeCall& call) {
  io::Metadata metadata;
  if (!call.prompt.is_null()) metadata["prompt"] = call.prompt.dump();
  if (call.extra_pnginfo.is_object()) {
    for (const auto& [key, value] : call.extra_pnginfo.items()) metadata[key] = value.dump();
  }
  return metadata;
}

void write(const SavePlace& place, const io::TensorSources& tensors, const io::Metadata& metadata) {
  const std::filesystem::path path = place.folder / place.file_name(0, ".safetensors");
  io::write_safetensors(path, tensors, metadata);
  log(LogLevel::info, "saved {}", path.string());
}

SavePlace place_of(const NodeCall& call, const std::string& addition = {}) {
  return save_place(call.services.get<Services>().output_dir,
                    call.text("filename_prefix") + addition, 0, 0);
}

void add(io::TensorSources& all, io::TensorSources more) { all.merge(more); }

// What the tensors do not say of a model, as other programs look for it.
void describe(const Model& model, const SavePlace& place, io::TensorSources& tensors,
              io::Metadata& metadata) {
  const models::UnetSpec& unet = model.unet.spec();
  if (unet.vector_width > 0) {
    constexpr std::int64_t kRefinerContext = 1280;
    constexpr std::int64_t kEditChannels = 8;
    const char* kind = unet.context_width == kRefinerContext ? "refiner"
                       : unet.in_channels == kEditChannels   ? "edit"
                                                             : "base";
    metadata["modelspec.architecture"] = fmt::format("stable-diffusion-xl-v1-{}", kind);
    metadata["modelspec.sai_model_spec"] = "1.0.0";
    metadata["modelspec.implementation"] = "sgm";
    metadata["modelspec.title"] = fmt::format("{} {}", place.name, place.counter);
  }
  if (model.sampling.prediction == PredictionType::eps)
    metadata["modelspec.predict_key"] = "epsilon";
  if (model.sampling.prediction != PredictionType::v_prediction) return;
  metadata["modelspec.predict_key"] = "v";
  const auto mark = [&](const char* name) { tensors[name] = io::source_of(to_stored(Array())); };
  mark("v_pred");
  const ModelSampling to_the_end =
      discrete_sampling(PredictionType::v_prediction, {.zero_terminal_snr = true});
  if (model.sampling.sigmas == to_the_end.sigmas) mark("ztsnr");
}

NodeResult save_model(const NodeCall& call) {
  const auto& model = call.get<Model>("model");
  const SavePlace place = place_of(call);
  io::TensorSources tensors = models::weight_sources(model.unet.weights(), kUnetPrefix);
  if (const auto* clip = call.find<Clip>("clip"))
    add(tensors, models::text_sources(clip->encoders));
  if (const auto* vae = call.find<Vae>("vae")) {
    add(tensors, models::weight_sources(vae->weights, "first_stage_model."));
  }
  io::Metadata metadata = workflow_of(call);
  describe(model, place, tensors, metadata);
  write(place, tensors, metadata);
  return {};
}

// A file for each encoder.
NodeResult save_clip(const NodeCall& call) {
  io::Metadata metadata = workflow_of(call);
  metadata["format"] = "pt";
  for (const auto& encoder : call.get<Clip>("clip").encoders) {
    write(place_of(call, "_" + encoder.spec().key), models::weight_sources(encoder.weights()),
          metadata);
  }
  return {};
}

NodeResult save_vae(const NodeCall& call) {
  write(place_of(call), models::weight_sources(call.get<Vae>("vae").weights), workflow_of(call));
  return {};
}

graph::NodeDef save_node(graph::NodeDef def, std::vector<graph::Input> sockets,
                         const char* prefix) {
  def.category = "model/merging";
  def.inputs = graph::inputs(
      std::move(sockets),
      graph::input("filename_prefix", "STRING",
                   {{"default", prefix},
                    {"tooltip", "Folder in the output folder, and beginning of the file name."}}),
      graph::hidden("prompt", "PROMPT"), graph::hidden("extra_pnginfo", "EXTRA_PNGINFO"));
  def.output_node = true;
  def.python_module = "comfy_extras.nodes_model_merging";
  def.check = [](const NodeCall& call) {
    require_writable(call.services.get<Services>().output_dir);
  };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> saving_nodes() {
  return {save_node({.id = "CheckpointSave",
                     .display_name = "Save Checkpoint",
                     .description = "Writes a model, its text encoders and its VAE to one file.",
                     .run = save_model},
                    graph::inputs(graph::socket("model", "MODEL"), graph::socket("clip", "CLIP"),
                                  graph::socket("vae", "VAE")),
                    "checkpoints/ComfyUI"),
          save_node({.id = "ModelSave",
                     .display_name = "ModelSave",
                     .description = "Writes the UNet of a model to a file.",
                     .run = save_model},
                    {graph::socket("model", "MODEL")}, "diffusion_models/ComfyUI"),
          save_node({.id = "CLIPSave",
                     .display_name = "CLIPSave",
                     .description = "Writes text encoders, each to a file of its own.",
                     .run = save_clip},
                    {graph::socket("clip", "CLIP")}, "clip/ComfyUI"),
          save_node({.id = "VAESave",
                     .display_name = "VAESave",
                     .description = "Writes a VAE to a file.",
                     .run = save_vae},
                    {graph::socket("vae", "VAE")}, "vae/ComfyUI_vae")};
}

}  // namespace sagitta::nodes
