// Network: a loaded network together with the source of its weights, as a value. Copies share
// everything; with() gives a network that differs in some weights and shares all others. Those are
// packed when the network is first used, so a chain of adapters costs one packing and the
// networks between cost nothing.
#pragma once

#include "sagitta/base/error.h"
#include "sagitta/models/weights.h"

#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace sagitta::models {

// Net: a copyable class with spec() and params(ParamVisitor&), such as Unet.
template <class Net>
class Network {
 public:
  Network() = default;
  // A network whose weights have no source, so that it cannot be edited.
  template <class N>
    requires std::convertible_to<std::shared_ptr<N>, std::shared_ptr<const Net>>
  Network(std::shared_ptr<N> net) : base_(std::move(net)) {}  // NOLINT: a network is its pointer
  // net was loaded to device from weights, none of which is edited yet. The device must outlive it.
  Network(std::shared_ptr<const Net> net, Device& device, Weights weights)
      : base_(std::move(net)), device_(&device), weights_(std::move(weights)) {}

  explicit operator bool() const { return base_ != nullptr; }
  friend bool operator==(const Network& network, std::nullptr_t) { return !network; }

  [[nodiscard]] const auto& spec() const { return base_->spec(); }
  // Packs the edited weights at the first call.
  [[nodiscard]] const Net& operator*() const { return edited_ == nullptr ? *base_ : edited(); }
  [[nodiscard]] const Net* operator->() const { return &**this; }

  // empty() if the network cannot be edited.
  [[nodiscard]] const Weights& weights() const { return weights_; }
  // The network with further edits. Throws bad_input for a weight that it does not have.
  [[nodiscard]] Network with(const WeightEdits& edits) const {
    if (edits.empty()) return *this;
    require(!weights_.empty(), Fault::bad_input, "the source of this network's weights is not known");
    Network network = *this;
    network.weights_ = weights_.with(edits);
    network.edited_ = std::make_shared<Edited>();
    return network;
  }

 private:
  struct Edited {
    std::once_flag once;
    std::unique_ptr<const Net> net;
  };

  const Net& edited() const {
    std::call_once(edited_->once, [this] {
      auto net = std::make_unique<Net>(*base_);
      PackEdited pack(*device_, weights_);
      net->params(pack);
      edited_->net = std::move(net);
    });
    return *edited_->net;
  }

  std::shared_ptr<const Net> base_;
  Device* device_ = nullptr;
  Weights weights_;
  std::shared_ptr<Edited> edited_;  // null: the weights are the base's
};

}  // namespace sagitta::models
