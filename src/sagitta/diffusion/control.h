// ControlNets in a sampling run: a hint picture steers the UNet through residuals.
#pragma once

#include "sagitta/diffusion/model_sampling.h"
#include "sagitta/models/controlnet/controlnet.h"
#include "sagitta/models/network.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace sagitta {

// What the node graph calls CONTROL_NET.
struct ControlNet {
  Device* device = nullptr;
  models::Network<models::ControlNet> net;
  bool global_average = false;  // its residuals are averaged over the picture (the "shuffle" model)
};

// A ControlNet with its picture, as a conditioning carries it. Two entries are evaluated in one
// network call only if they carry the very same one.
struct Control {
  ControlNet net = {};
  std::shared_ptr<const Array> hint = {};  // (N, H, W, channels) in 0..1, any size; item i of a batch sees
                                      // picture i modulo N
  float strength = 1;
  double start_percent = 0;  // part of the schedule; outside the network is not called
  double end_percent = 1;
  std::shared_ptr<const Control> previous = {};  // whose residuals are added
};

// Calls the ControlNets of one run, whose hints are encoded once for each size.
class ControlRunner {
 public:
  // The network's rows are `entries` groups of the same `batch` items.
  struct Call {
    models::UnetInput input;  // of the UNet, without what is put beside the latent
    float sigma = 0;
    std::int64_t entries = 1;
    std::int64_t batch = 1;
  };
  // The summed residuals of a chain, or none outside of all ranges. Throws bad_input if a ControlNet
  // belongs to another kind of model.
  [[nodiscard]] std::optional<models::ControlResiduals> operator()(const Control& control,
                                                                   const ModelSampling& sampling,
                                                                   const Call& call);

 private:
  struct HintKey {
    const Control* control;
    std::int64_t height;
    std::int64_t width;
    std::int64_t entries;
    std::int64_t batch;
    auto operator<=>(const HintKey&) const = default;
  };
  [[nodiscard]] const Tensor& hint(const Control& control, const Call& call);

  std::map<HintKey, Tensor> hints_;
};

}  // namespace sagitta
