#include "sagitta/diffusion/conditioning.h"
#include "sagitta/diffusion/control.h"
#include "sagitta/models/controlnet/load_controlnet.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

#include <map>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kKind = "controlnet";

std::filesystem::path controlnet_file(const NodeCall& call) {
  return find_model(call.services.get<Services>(), kKind, call.text("control_net_name"));
}

NodeResult load(const NodeCall& call) {
  const auto& services = call.services.get<Services>();
  const std::filesystem::path path = controlnet_file(call);
  const auto* model = call.find<Model>("model");
  const std::string stem = path.stem().string();
  return {.values = {ControlNet{
              .device = &services.device,
              .net = models::load_controlnet(path, services.device,
                                             model != nullptr ? &model->unet.weights() : nullptr),
              .global_average = stem.ends_with("_shuffle") || stem.ends_with("_shuffle_fp16")}}};
}

graph::NodeDef loader(graph::NodeDef def) {
  graph::Input name = graph::combo("control_net_name", [](const graph::ServicesRef& services) {
    return list_models(services.get<Services>(), kKind);
  });
  name.open_choices = true;  // a path to a file elsewhere is fine too
  def.inputs.push_back(std::move(name));
  def.category = "model/loaders";
  def.outputs = {{.type = "CONTROL_NET"}};
  def.run = load;
  def.check = [](const NodeCall& call) { static_cast<void>(controlnet_file(call)); };
  def.fingerprint = [](const NodeCall& call) { return file_token(controlnet_file(call)); };
  return def;
}

// What the inputs of a node say, without a previous link.
Control control_of(const NodeCall& call) {
  Control control{.net = call.get<ControlNet>("control_net"),
                  .hint = std::make_shared<const Array>(call.get<Array>("image")),
                  .strength = static_cast<float>(call.number("strength"))};
  if (call.has("start_percent")) control.start_percent = call.number("start_percent");
  if (call.has("end_percent")) control.end_percent = call.number("end_percent");
  return control;
}

NodeResult apply(const NodeCall& call) {
  Conditioning conditioning = call.get<Conditioning>("conditioning");
  const Control control = control_of(call);
  if (control.strength == 0) return {.values = {std::move(conditioning)}};
  for (ConditioningEntry& entry : conditioning) {
    Control own = control;
    own.previous = entry.control;
    entry.control = std::make_shared<const Control>(std::move(own));
    entry.control_for_negative = true;
  }
  return {.values = {std::move(conditioning)}};
}

NodeResult apply_advanced(const NodeCall& call) {
  Conditioning positive = call.get<Conditioning>("positive");
  Conditioning negative = call.get<Conditioning>("negative");
  const Control control = control_of(call);
  if (control.strength == 0) return {.values = {std::move(positive), std::move(negative)}};
  // Entries whose chains are one and the same keep that, so that they still go into one call.
  std::map<std::shared_ptr<const Control>, std::shared_ptr<const Control>> chains;
  for (Conditioning* list : {&positive, &negative}) {
    for (ConditioningEntry& entry : *list) {
      std::shared_ptr<const Control>& chain = chains[entry.control];
      if (!chain) {
        Control own = control;
        own.previous = entry.control;
        chain = std::make_shared<const Control>(std::move(own));
      }
      entry.control = chain;
      entry.control_for_negative = false;
    }
  }
  return {.values = {std::move(positive), std::move(negative)}};
}

graph::Input number(const char* name, double value, double max, double step, const char* tip) {
  return graph::input(
      name, "FLOAT",
      {{"default", value}, {"min", 0.0}, {"max", max}, {"step", step}, {"tooltip", tip}});
}

graph::Input strength() {
  return number("strength", 1.0, 10.0, 0.01, "How strongly the picture steers; 0 turns it off.");
}

}  // namespace

std::vector<graph::NodeDef> control_nodes() {
  constexpr const char* kCategory = "model/conditioning/controlnet";
  return {
      loader({.id = "ControlNetLoader",
              .display_name = "Load ControlNet Model",
              .description = "Loads a ControlNet."}),
      loader({.id = "DiffControlNetLoader",
              .display_name = "Load ControlNet Model (diff)",
              .description = "Loads a ControlNet that is stored as differences from a model.",
              .inputs = graph::inputs(graph::socket("model", "MODEL"))}),
      {.id = "ControlNetApply",
       .display_name = "Apply ControlNet (DEPRECATED)",
       .category = kCategory,
       .description = "Steers a conditioning, and the negative one with it, by a picture.",
       .inputs = graph::inputs(graph::socket("conditioning", "CONDITIONING"),
                               graph::socket("control_net", "CONTROL_NET"),
                               graph::socket("image", "IMAGE"), strength()),
       .outputs = {{.type = "CONDITIONING"}},
       .run = apply},
      {.id = "ControlNetApplyAdvanced",
       .display_name = "Apply ControlNet",
       .category = kCategory,
       .description = "Steers two conditionings by a picture for a part of the schedule.",
       .inputs = graph::inputs(
           graph::socket("positive", "CONDITIONING"), graph::socket("negative", "CONDITIONING"),
           graph::socket("control_net", "CONTROL_NET"), graph::socket("image", "IMAGE"), strength(),
           number("start_percent", 0.0, 1.0, 0.001, "Where in the schedule the steering begins."),
           number("end_percent", 1.0, 1.0, 0.001, "Where in the schedule it ends."),
           graph::optional(graph::socket("vae", "VAE"))),
       .outputs = {{.type = "CONDITIONING", .name = "positive"},
                   {.type = "CONDITIONING", .name = "negative"}},
       .run = apply_advanced}};
}

}  // namespace sagitta::nodes
