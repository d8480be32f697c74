// Other noise levels and meanings of the network's output for a model.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/nodes/families.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

struct Named {
  const char* name;
  PredictionType type;
};
// In upstream's order; what it has beyond these is not there.
constexpr std::array kDiscrete{Named{"eps", PredictionType::eps},
                               Named{"v_prediction", PredictionType::v_prediction},
                               Named{"lcm", PredictionType::lcm}, Named{"x0", PredictionType::x0},
                               Named{"img_to_img", PredictionType::img_to_img}};
constexpr std::array kContinuous{
    Named{"v_prediction", PredictionType::v_prediction}, Named{"edm", PredictionType::edm},
    Named{"eps", PredictionType::eps}, Named{"cosmos_rflow", PredictionType::cosmos_rflow}};

template <class Table>
graph::Input sampling_input(const Table& table) {
  std::vector<std::string> names;
  for (const Named& named : table) names.emplace_back(named.name);
  return graph::combo("sampling", std::move(names));
}

template <class Table>
PredictionType prediction_of(const NodeCall& call, const Table& table) {
  const std::string& wanted = call.text("sampling");
  for (const Named& named : table) {
    if (wanted == named.name) return named.type;
  }
  throw Error(Fault::bad_input, fmt::format("there is no sampling \"{}\"", wanted));
}

graph::Input sigma_input(const char* name, double value) {
  return graph::input(name, "FLOAT",
                      {{"default", value},
                       {"min", 0.0},
                       {"max", 1000.0},
                       {"step", 0.001},
                       {"round", false},
                       {"advanced", true}});
}

NodeResult with_sampling(const NodeCall& call, ModelSampling sampling) {
  Model model = call.get<Model>("model");
  model.sampling = std::move(sampling);
  return {.values = {std::move(model)}};
}

// What the nodes of this file have in common.
graph::NodeDef sampling_node(const char* id, const char* description) {
  graph::NodeDef def;
  def.id = id;
  def.display_name = id;
  def.category = "model/patch";
  def.description = description;
  def.outputs = {{.type = "MODEL"}};
  def.python_module = "comfy_extras.nodes_model_advanced";
  return def;
}

graph::NodeDef discrete() {
  graph::NodeDef def = sampling_node("ModelSamplingDiscrete",
                                     "States what the model predicts, at 1000 fixed noise levels.");
  def.inputs =
      graph::inputs(graph::socket("model", "MODEL"), sampling_input(kDiscrete),
                    graph::input("zsnr", "BOOLEAN", {{"default", false}, {"advanced", true}}));
  def.run = [](const NodeCall& call) {
    return with_sampling(call, discrete_sampling(prediction_of(call, kDiscrete),
                                                 {.zero_terminal_snr = call.boolean("zsnr")}));
  };
  return def;
}

graph::NodeDef continuous_edm() {
  graph::NodeDef def = sampling_node("ModelSamplingContinuousEDM",
                                     "States what the model predicts, at any noise level (EDM).");
  def.inputs = graph::inputs(graph::socket("model", "MODEL"), sampling_input(kContinuous),
                             sigma_input("sigma_max", 120), sigma_input("sigma_min", 0.002));
  def.run = [](const NodeCall& call) {
    return with_sampling(
        call, continuous_edm_sampling(prediction_of(call, kContinuous), call.number("sigma_min"),
                                      call.number("sigma_max")));
  };
  return def;
}

graph::NodeDef continuous_v() {
  graph::NodeDef def =
      sampling_node("ModelSamplingContinuousV", "For models that predict v at any noise level.");
  def.inputs = graph::inputs(graph::socket("model", "MODEL"),
                             graph::combo("sampling", std::vector<std::string>{"v_prediction"}),
                             sigma_input("sigma_max", 500), sigma_input("sigma_min", 0.03));
  def.run = [](const NodeCall& call) {
    return with_sampling(call,
                         continuous_v_sampling(call.number("sigma_min"), call.number("sigma_max")));
  };
  return def;
}

}  // namespace

std::vector<graph::NodeDef> model_sampling_nodes() {
  return {discrete(), continuous_edm(), continuous_v()};
}

}  // namespace sagitta::nodes
