#include "sagitta/core/array.h"
#include "sagitta/graph/parameters_describe.h"
#include "sagitta/io/image.h"
#include "sagitta/io/png.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

// The mask of a picture without alpha.
constexpr std::int64_t kEmptyMaskSide = 64;

// The chunks by which a picture can be run again, as ComfyUI writes them, and before them the text
// that other programs read.
io::PngText workflow_text(const NodeCall& call, const Array& images) {
  io::PngText text;
  if (call.prompt.is_object()) {
    const auto parameters = graph::describe_parameters(graph::parse_prompt(call.prompt),
                                                       call.node_id, images.dim(2), images.dim(1));
    if (parameters) text.emplace_back("parameters", graph::to_text(*parameters));
  }
  if (!call.prompt.is_null()) text.emplace_back("prompt", call.prompt.dump());
  if (call.extra_pnginfo.is_object()) {
    for (const auto& [key, value] : call.extra_pnginfo.items()) text.emplace_back(key, value.dump());
  }
  return text;
}

NodeResult save(const NodeCall& call, const std::filesystem::path& root, const std::string& prefix,
                const char* type) {
  const auto& images = call.get<Array>("images");
  const SavePlace place = save_place(root, prefix, images.dim(2), images.dim(1));
  const io::PngText text = workflow_text(call, images);
  Json shown = Json::array();
  for (int i = 0; i < static_cast<int>(images.dim(0)); ++i) {
    call.throw_if_cancelled();
    const std::string name = place.file_name(i);
    io::write_png(place.folder / name, images.slice(i, 1), text);
    shown.push_back({{"filename", name}, {"subfolder", place.subfolder}, {"type", type}});
  }
  return {.values = {images}, .ui = {{"images", shown}}};
}

std::filesystem::path input_file(const NodeCall& call) {
  return find_input(call.services.get<Services>(), call.text("image"));
}

// IMAGE, and MASK with 1 where the picture is transparent.
NodeResult load(const NodeCall& call) {
  io::Image image = io::load_image(input_file(call));
  Array mask({1, kEmptyMaskSide, kEmptyMaskSide});
  if (image.alpha) {
    mask = image.alpha->reshaped({1, image.alpha->dim(0), image.alpha->dim(1)});
    for (float& value : mask.values()) value = 1 - value;
  }
  return {.values = {std::move(image.pixels), std::move(mask)}};
}

graph::NodeDef load_image() {
  graph::Input image = graph::combo(
      "image",
      [](const graph::ServicesRef& services) { return list_inputs(services.get<Services>()); },
      Json{{"image_upload", true}});
  image.open_choices = true;
  return {.id = "LoadImage",
          .display_name = "Load Image",
          .category = "image",
          .description = "Reads a PNG, JPEG or WebP picture.",
          .inputs = {image},
          .outputs = {{.type = "IMAGE"}, {.type = "MASK"}},
          .run = load,
          .check = [](const NodeCall& call) { static_cast<void>(input_file(call)); },
          .fingerprint = [](const NodeCall& call) { return file_token(input_file(call)); }};
}

graph::NodeDef save_image() {
  return {.id = "SaveImage",
          .display_name = "Save Image",
          .category = "image",
          .description = "Writes pictures to the output folder, with the workflow inside.",
          .inputs = graph::inputs(
              graph::socket("images", "IMAGE", "The pictures to save."),
              graph::input("filename_prefix", "STRING",
                           {{"default", "ComfyUI"},
                            {"tooltip", "Beginning of the file name; may name a subfolder."}}),
              graph::hidden("prompt", "PROMPT"), graph::hidden("extra_pnginfo", "EXTRA_PNGINFO")),
          .outputs = {{.type = "IMAGE", .name = "images"}},
          .output_node = true,
          .run = [](const NodeCall& call) {
            return save(call, call.services.get<Services>().output_dir, call.text("filename_prefix"),
                        "output");
          },
          .check = [](const NodeCall& call) {
            require_writable(call.services.get<Services>().output_dir);
          }};
}

graph::NodeDef preview_image() {
  return {.id = "PreviewImage",
          .display_name = "Preview Image",
          .category = "image",
          .description = "Writes pictures to the temporary folder.",
          .inputs = graph::inputs(graph::socket("images", "IMAGE"), graph::hidden("prompt", "PROMPT"),
                                  graph::hidden("extra_pnginfo", "EXTRA_PNGINFO")),
          .outputs = {{.type = "IMAGE", .name = "images"}},
          .output_node = true,
          .run = [](const NodeCall& call) {
            return save(call, call.services.get<Services>().temp_dir, "preview", "temp");
          }};
}

}  // namespace

std::vector<graph::NodeDef> image_nodes() { return {save_image(), preview_image(), load_image()}; }

}  // namespace sagitta::nodes
