// Latents in files: safetensors with the ending .latent, as ComfyUI writes and reads them.
#include "sagitta/io/safetensors.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"
#include "sagitta/nodes/latent_inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kEnding = ".latent";
constexpr const char* kSamples = "latent_tensor";
// An empty tensor by which files in VAE scale are known; older ones are in the scale of the
// network.
constexpr const char* kVersion = "latent_format_version_0";

NodeResult save(const NodeCall& call) {
  const Latent latent = latent_of(call, "samples");
  const SavePlace place =
      save_place(call.services.get<Services>().output_dir, call.text("filename_prefix"), 0, 0);
  const std::string name = place.file_name(0, kEnding);
  io::Metadata metadata;
  if (!call.prompt.is_null()) metadata["prompt"] = call.prompt.dump();
  if (call.extra_pnginfo.is_object()) {
    for (const auto& [key, value] : call.extra_pnginfo.items()) metadata[key] = value.dump();
  }
  io::write_safetensors(place.folder / name,
                        {{kSamples, to_stored(latent.samples)}, {kVersion, to_stored(Array())}},
                        metadata);
  return {
      .values = {call.get<Latent>("samples")},
      .ui = {{"latents",
              Json::array(
                  {{{"filename", name}, {"subfolder", place.subfolder}, {"type", "output"}}})}}};
}

std::filesystem::path input_file(const NodeCall& call) {
  return find_input(call.services.get<Services>(), call.text("latent"));
}

NodeResult load(const NodeCall& call) {
  constexpr auto kOldScale = static_cast<float>(1 / 0.18215);
  const std::filesystem::path path = input_file(call);
  const StateDict tensors = io::open_safetensors(path).tensors;
  const auto it = tensors.find(kSamples);
  require(it != tensors.end(), Fault::bad_file, "{} holds no latent: it has no tensor \"{}\"",
          path.string(), kSamples);
  const Shape& shape = it->second.shape;
  require(shape.size() == 4 && it->second.bytes() > 0, Fault::bad_file,
          "{} holds a latent of shape {}, expected (batch, channels, height, width)", path.string(),
          to_string(shape));
  Latent latent{.samples = to_array(it->second)};
  if (!tensors.contains(kVersion)) latent.samples *= kOldScale;
  return {.values = {std::move(latent)}};
}

graph::NodeDef save_latent() {
  return {.id = "SaveLatent",
          .display_name = "Save Latent",
          .category = "model/latent",
          .description = "Writes a latent to the output folder, with the workflow inside.",
          .inputs = graph::inputs(
              graph::socket("samples", "LATENT"),
              graph::input("filename_prefix", "STRING", {{"default", "latents/ComfyUI"}}),
              graph::hidden("prompt", "PROMPT"), graph::hidden("extra_pnginfo", "EXTRA_PNGINFO")),
          .outputs = {{.type = "LATENT", .name = "samples"}},
          .output_node = true,
          .run = save,
          .check = [](const NodeCall& call) {
            require_writable(call.services.get<Services>().output_dir);
          }};
}

graph::NodeDef load_latent() {
  graph::Input latent = graph::combo("latent", [](const graph::ServicesRef& services) {
    return list_input_files(services.get<Services>(), kEnding);
  });
  latent.open_choices = true;
  return {.id = "LoadLatent",
          .display_name = "Load Latent",
          .category = "model/latent",
          .description = "Reads a latent from the input folder.",
          .inputs = {latent},
          .outputs = {{.type = "LATENT"}},
          .run = load,
          .check = [](const NodeCall& call) { static_cast<void>(input_file(call)); },
          .fingerprint = [](const NodeCall& call) { return file_token(input_file(call)); }};
}

}  // namespace

std::vector<graph::NodeDef> latent_file_nodes() { return {save_latent(), load_latent()}; }

}  // namespace sagitta::nodes
