// Models and text encoders made of two.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/models/merge.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;
using models::MergeFactors;

using Factors = std::function<MergeFactors(std::string_view weight)>;
using FactorsOf = std::function<Factors(const NodeCall&)>;

// share of the first, the rest of the second.
MergeFactors mixed(double share) {
  return {.first = static_cast<float>(share), .second = static_cast<float>(1.0 - share)};
}

Factors everywhere(MergeFactors factors) {
  return [factors](std::string_view) { return factors; };
}

Factors mixture(const NodeCall& call) { return everywhere(mixed(call.number("ratio"))); }
Factors sum(const NodeCall&) { return everywhere({.first = 1, .second = 1}); }
Factors difference(const NodeCall& call) {
  const auto multiplier = static_cast<float>(call.number("multiplier"));
  return everywhere({.first = multiplier, .second = -multiplier});
}

// A share for each third of the UNet; what belongs to none goes with the way down.
Factors by_blocks(const NodeCall& call) {
  static constexpr std::array<const char*, 3> kParts{"input", "middle", "out"};
  std::array<MergeFactors, kParts.size()> factors;
  for (std::size_t i = 0; i < kParts.size(); ++i) factors.at(i) = mixed(call.number(kParts.at(i)));
  return [factors](std::string_view weight) {
    const auto part = std::ranges::find_if(
        kParts, [&](const char* beginning) { return weight.starts_with(beginning); });
    return part == kParts.end() ? factors.front()
                                : factors.at(static_cast<std::size_t>(part - kParts.begin()));
  };
}

// The first one's hooks and noise levels stay; of the second, only weights count.
NodeResult merge_models(const NodeCall& call, const Factors& factors) {
  Model model = call.get<Model>("model1");
  model.unet = model.unet.with(
      models::merge_edits(model.unet.weights(), call.get<Model>("model2").unet.weights(), factors));
  return {.values = {std::move(model)}};
}

NodeResult merge_clips(const NodeCall& call, const Factors& factors) {
  Clip clip = call.get<Clip>("clip1");
  const Clip& other = call.get<Clip>("clip2");
  require(clip.encoders.size() == other.encoders.size(), Fault::bad_input,
          "the two cannot be merged: the first has {} text encoders, the second {}",
          clip.encoders.size(), other.encoders.size());
  for (std::size_t i = 0; i < clip.encoders.size(); ++i) {
    clip.encoders[i] = clip.encoders[i].with(
        models::merge_edits(clip.encoders[i].weights(), other.encoders[i].weights(), factors));
  }
  return {.values = {std::move(clip)}};
}

graph::NodeDef merge_node(std::string id, std::string description,
                          std::vector<graph::Input> widgets, FactorsOf factors) {
  const bool text = id.starts_with("CLIP");
  const char* type = text ? "CLIP" : "MODEL";
  graph::NodeDef def{
      .id = id,
      .display_name = id,
      .category = "model/merging",
      .description = std::move(description),
      .inputs = graph::inputs(graph::socket(text ? "clip1" : "model1", type),
                              graph::socket(text ? "clip2" : "model2", type), std::move(widgets)),
      .outputs = {{.type = type}},
      .python_module = "comfy_extras.nodes_model_merging"};
  def.run = [text, factors = std::move(factors)](const NodeCall& call) {
    return text ? merge_clips(call, factors(call)) : merge_models(call, factors(call));
  };
  return def;
}

graph::Input share(const char* name, const char* tip) {
  return with_tip(float_widget(name, 1.0, 0.0, 1.0, 0.01), tip);
}

}  // namespace

std::vector<graph::NodeDef> merging_nodes() {
  const auto ratio = [] {
    return share("ratio", "Share of the first one; the rest is of the second.");
  };
  const auto multiplier = [] {
    return with_tip(float_widget("multiplier", 1.0, -10.0, 10.0, 0.01),
                    "Factor of the difference.");
  };
  return {
      merge_node("ModelMergeSimple", "A weighted mean of two models' weights.", {ratio()}, mixture),
      merge_node("ModelMergeBlocks", "A weighted mean of two models' weights, part by part.",
                 graph::inputs(share("input", "Share of the first model on the way down."),
                               share("middle", "Its share in the middle block."),
                               share("out", "Its share on the way up.")),
                 by_blocks),
      merge_node("ModelMergeSubtract",
                 "The difference of two models' weights, to be added to a third.", {multiplier()},
                 difference),
      merge_node("ModelMergeAdd", "The sum of two models' weights; the second is a difference.", {},
                 sum),
      merge_node("CLIPMergeSimple", "A weighted mean of two text encoders' weights.", {ratio()},
                 mixture),
      merge_node("CLIPMergeSubtract",
                 "The difference of two text encoders' weights, to be added to a third.",
                 {multiplier()}, difference),
      merge_node("CLIPMergeAdd",
                 "The sum of two text encoders' weights; the second is a difference.", {}, sum)};
}

}  // namespace sagitta::nodes
