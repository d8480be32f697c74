// Prompts for SDXL, with the sizes that its vector conditioning tells the network.
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/nodes/families.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

graph::Input pixels(const char* name, std::int64_t value, bool advanced = false) {
  Json options{{"default", value}, {"min", 0}, {"max", 16384}};
  if (advanced) options["advanced"] = true;
  return graph::input(name, "INT", std::move(options));
}

graph::Input prompt(const char* name) {
  return graph::input(name, "STRING", {{"multiline", true}, {"dynamicPrompts", true}});
}

NodeResult encode_base(const NodeCall& call) {
  Conditioning conditioning = as_conditioning(encode_text(
      call.get<Clip>("clip"), SdxlPrompt{.l = call.text("text_l"), .g = call.text("text_g")}));
  conditioning.front().sizes = SizeConditioning{.width = call.integer("width"),
                                                .height = call.integer("height"),
                                                .crop_w = call.integer("crop_w"),
                                                .crop_h = call.integer("crop_h"),
                                                .target_width = call.integer("target_width"),
                                                .target_height = call.integer("target_height")};
  return {.values = {std::move(conditioning)}};
}

// The base model, which knows no score, takes the size as that of the target, too.
NodeResult encode_refiner(const NodeCall& call) {
  const std::int64_t width = call.integer("width");
  const std::int64_t height = call.integer("height");
  Conditioning conditioning = encode_prompt(call.get<Clip>("clip"), call.text("text"));
  conditioning.front().sizes =
      SizeConditioning{.width = width,
                       .height = height,
                       .target_width = width,
                       .target_height = height,
                       .aesthetic_score = static_cast<float>(call.number("ascore"))};
  return {.values = {std::move(conditioning)}};
}

}  // namespace

std::vector<graph::NodeDef> conditioning_sdxl_nodes() {
  constexpr const char* kCategory = "model/conditioning/stable diffusion";
  constexpr std::int64_t kSide = 1024;
  return {{.id = "CLIPTextEncodeSDXL",
           .display_name = "CLIP Text Encode (SDXL)",
           .category = kCategory,
           .description = "A prompt for each of SDXL's text encoders, and the sizes it was trained with.",
           .inputs = graph::inputs(graph::input("clip", "CLIP", Json::object()), pixels("width", kSide),
                                   pixels("height", kSide), pixels("crop_w", 0, true),
                                   pixels("crop_h", 0, true), pixels("target_width", kSide),
                                   pixels("target_height", kSide), prompt("text_g"), prompt("text_l")),
           .outputs = {{.type = "CONDITIONING"}},
           .style = graph::NodeStyle::schema,
           .run = encode_base},
          {.id = "CLIPTextEncodeSDXLRefiner",
           .display_name = "CLIP Text Encode (SDXL Refiner)",
           .category = kCategory,
           .description = "A prompt for SDXL's refiner, with the aesthetic score to aim for.",
           .inputs = graph::inputs(
               graph::input("ascore", "FLOAT",
                            {{"default", 6.0}, {"min", 0.0}, {"max", 1000.0}, {"step", 0.01}}),
               pixels("width", kSide), pixels("height", kSide), prompt("text"),
               graph::input("clip", "CLIP", Json::object())),
           .outputs = {{.type = "CONDITIONING"}},
           .style = graph::NodeStyle::schema,
           .run = encode_refiner}};
}

}  // namespace sagitta::nodes
