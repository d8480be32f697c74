#include "sagitta/core/array.h"
#include "sagitta/graph/parameters_describe.h"
#include "sagitta/image/channels.h"
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

// Writes pictures; the result shows them and has no values.
NodeResult save(const NodeCall& call, const Array& images, const std::filesystem::path& root,
                const std::string& prefix, const char* type) {
  const SavePlace place = save_place(root, prefix, images.dim(2), images.dim(1));
  const io::PngText text = workflow_text(call, images);
  Json shown = Json::array();
  for (int i = 0; i < static_cast<int>(images.dim(0)); ++i) {
    call.throw_if_cancelled();
    const std::string name = place.file_name(i);
    io::write_png(place.folder / name, images.slice(i, 1), text);
    shown.push_back({{"filename", name}, {"subfolder", place.subfolder}, {"type", type}});
  }
  return {.ui = {{"images", shown}}};
}

std::filesystem::path input_file(const NodeCall& call) {
  return find_input(call.services.get<Services>(), call.text("image"));
}

std::filesystem::path output_file(const NodeCall& call) {
  return find_output(call.services.get<Services>(), call.text("image"));
}

struct Loaded {
  Array pixels;
  Array mask;  // 1 where the picture is transparent
};

Loaded load(const std::filesystem::path& path) {
  io::Image image = io::load_image(path);
  Array mask({1, kEmptyMaskSide, kEmptyMaskSide});
  if (image.alpha) {
    mask = inverted(image.alpha->reshaped({1, image.alpha->dim(0), image.alpha->dim(1)}));
  }
  return {.pixels = std::move(image.pixels), .mask = std::move(mask)};
}

NodeResult run_load(const std::filesystem::path& path) {
  Loaded loaded = load(path);
  return {.values = {std::move(loaded.pixels), std::move(loaded.mask)}};
}

NodeResult run_load_mask(const NodeCall& call) {
  Loaded loaded = load(input_file(call));
  const std::string& channel = call.text("channel");
  if (channel == "alpha") return {.values = {std::move(loaded.mask)}};
  return {.values = {channel_of(loaded.pixels, channel == "red" ? 0 : channel == "green" ? 1 : 2)}};
}

graph::Input picture_widget() {
  graph::Input image = graph::combo(
      "image",
      [](const graph::ServicesRef& services) { return list_inputs(services.get<Services>()); },
      Json{{"image_upload", true}});
  image.open_choices = true;
  return image;
}

graph::NodeDef load_image() {
  return {.id = "LoadImage",
          .display_name = "Load Image",
          .category = "image",
          .description = "Reads a PNG, JPEG or WebP picture.",
          .inputs = {picture_widget()},
          .outputs = {{.type = "IMAGE"}, {.type = "MASK"}},
          .run = [](const NodeCall& call) { return run_load(input_file(call)); },
          .check = [](const NodeCall& call) { static_cast<void>(input_file(call)); },
          .fingerprint = [](const NodeCall& call) { return file_token(input_file(call)); }};
}

graph::NodeDef load_image_mask() {
  return {.id = "LoadImageMask",
          .display_name = "Load Image (as Mask)",
          .category = "image",
          .description = "Reads one channel of a picture as a mask; of alpha, what is transparent.",
          .inputs = graph::inputs(picture_widget(),
                                  graph::combo("channel", {"alpha", "red", "green", "blue"})),
          .outputs = {{.type = "MASK"}},
          .run = run_load_mask,
          .check = [](const NodeCall& call) { static_cast<void>(input_file(call)); },
          .fingerprint = [](const NodeCall& call) { return file_token(input_file(call)); }};
}

graph::NodeDef load_image_output() {
  graph::Input image = graph::combo(
      "image",
      [](const graph::ServicesRef& services) { return list_outputs(services.get<Services>()); },
      Json{{"image_upload", true},
           {"image_folder", "output"},
           {"remote",
            {{"route", "/internal/files/output"},
             {"refresh_button", true},
             {"control_after_refresh", "first"}}}});
  image.open_choices = true;
  return {.id = "LoadImageOutput",
          .display_name = "Load Image (from Outputs)",
          .category = "image",
          .description = "Reads a picture that was saved before.",
          .inputs = {image},
          .outputs = {{.type = "IMAGE"}, {.type = "MASK"}},
          .run = [](const NodeCall& call) { return run_load(output_file(call)); },
          .check = [](const NodeCall& call) { static_cast<void>(output_file(call)); },
          .fingerprint = [](const NodeCall& call) { return file_token(output_file(call)); }};
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
            const auto& images = call.get<Array>("images");
            NodeResult saved = save(call, images, call.services.get<Services>().output_dir,
                                    call.text("filename_prefix"), "output");
            saved.values = {images};
            return saved;
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
            const auto& images = call.get<Array>("images");
            NodeResult saved =
                save(call, images, call.services.get<Services>().temp_dir, "preview", "temp");
            saved.values = {images};
            return saved;
          }};
}

graph::NodeDef preview_mask() {
  return {.id = "MaskPreview",
          .display_name = "Preview Mask",
          .category = "image/mask",
          .description = "Writes masks to the temporary folder, as grey pictures.",
          .inputs = graph::inputs(graph::socket("mask", "MASK"), graph::hidden("prompt", "PROMPT"),
                                  graph::hidden("extra_pnginfo", "EXTRA_PNGINFO")),
          .outputs = {{.type = "MASK", .name = "mask"}},
          .style = graph::NodeStyle::schema,
          .output_node = true,
          .run = [](const NodeCall& call) {
            const auto& mask = call.get<Array>("mask");
            NodeResult saved = save(call, grey_images(mask), call.services.get<Services>().temp_dir,
                                    "preview", "temp");
            saved.values = {mask};
            return saved;
          }};
}

}  // namespace

std::vector<graph::NodeDef> image_nodes() {
  return {save_image(),      preview_image(),     preview_mask(), load_image(),
          load_image_mask(), load_image_output()};
}

}  // namespace sagitta::nodes
