#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/nodes/families.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

graph::NodeDef clip_text_encode() {
  return {.id = "CLIPTextEncode",
          .display_name = "CLIP Text Encode (Prompt)",
          .category = "model/conditioning",
          .description = "Turns a prompt into a conditioning for the model.",
          .inputs = graph::inputs(
              graph::input("text", "STRING",
                           {{"multiline", true},
                            {"dynamicPrompts", true},
                            {"tooltip", "The prompt. (word:1.2) weighs a part of it."}}),
              graph::socket("clip", "CLIP", "The text encoder.")),
          .outputs = {{.type = "CONDITIONING"}},
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {encode_prompt(call.get<Clip>("clip"), call.text("text"))}};
          }};
}

graph::NodeDef clip_text_encode_controlnet() {
  return {.id = "CLIPTextEncodeControlnet",
          .display_name = "CLIP Text Encode (Controlnet)",
          .category = "model/conditioning",
          .description = "A prompt that the ControlNets of a conditioning read instead of its own.",
          .inputs = graph::inputs(
              graph::input("clip", "CLIP", Json::object()),
              graph::input("conditioning", "CONDITIONING", Json::object()),
              graph::input("text", "STRING", {{"multiline", true}, {"dynamicPrompts", true}})),
          .outputs = {{.type = "CONDITIONING"}},
          .style = graph::NodeStyle::schema,
          .experimental = true,
          .run = [](const NodeCall& call) -> NodeResult {
            const auto context = std::make_shared<const Array>(
                encode_text(call.get<Clip>("clip"), call.text("text")).context);
            Conditioning conditioning = call.get<Conditioning>("conditioning");
            for (ConditioningEntry& entry : conditioning) entry.control_context = context;
            return {.values = {std::move(conditioning)}};
          }};
}

graph::NodeDef clip_set_last_layer() {
  return {.id = "CLIPSetLastLayer",
          .display_name = "CLIP Set Last Layer",
          .category = "model/conditioning",
          .description = "Conditions on an earlier layer of the text encoder (CLIP skip).",
          .inputs = graph::inputs(
              graph::socket("clip", "CLIP"),
              graph::input("stop_at_clip_layer", "INT",
                           {{"default", -1}, {"min", -24}, {"max", -1}, {"step", 1}, {"advanced", true}})),
          .outputs = {{.type = "CLIP"}},
          .run = [](const NodeCall& call) -> NodeResult {
            Clip clip = call.get<Clip>("clip");
            clip.layer = static_cast<int>(call.integer("stop_at_clip_layer"));
            return {.values = {clip}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> conditioning_nodes() {
  return {clip_text_encode(), clip_text_encode_controlnet(), clip_set_last_layer()};
}

}  // namespace sagitta::nodes
