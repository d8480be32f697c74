// Weights: where a network's weights come from: stored tensors, and what has been done to them, as a
// value. Adapters and merged models are functions of the stored values, computed in f32; the packed
// copies on a device are made from the results, so nothing that is shared is ever changed.
#pragma once

#include "sagitta/core/stored.h"
#include "sagitta/nn/params.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::models {

// Changes the values of a weight; its shape stays.
using WeightEdit = std::function<void(Array& weight)>;
// By the weight's name.
using WeightEdits = std::map<std::string, WeightEdit, std::less<>>;

class Weights {
 public:
  Weights() = default;  // none: nothing can be edited
  // Under the names that the network's params() visits. The bytes are kept, not copied.
  explicit Weights(StateDict stored)
      : stored_(std::make_shared<const StateDict>(std::move(stored))) {}

  [[nodiscard]] bool empty() const { return stored_ == nullptr; }
  // The stored tensor, or nullptr.
  [[nodiscard]] const StoredTensor* find(std::string_view name) const;
  // The names of all stored tensors.
  [[nodiscard]] std::vector<std::string> names() const;
  // The values with all edits, in the order in which they were added. Throws bad_input for a name
  // that is not there.
  [[nodiscard]] Array value(std::string_view name) const;

  [[nodiscard]] bool edited() const { return !edits_.empty(); }
  [[nodiscard]] bool edited(std::string_view name) const { return edits_.contains(name); }
  // These weights with further edits. Throws bad_input for a name that is not there.
  [[nodiscard]] Weights with(const WeightEdits& edits) const;

 private:
  std::shared_ptr<const StateDict> stored_;
  std::map<std::string, std::vector<std::shared_ptr<const WeightEdit>>, std::less<>> edits_;
};

// Packs what was edited for the device and leaves all other weights of a module as they are.
class PackEdited : public ParamVisitor {
 public:
  // Both must outlive the visitor.
  PackEdited(Device& device, const Weights& weights) : device_(device), weights_(weights) {}
  void param(const std::string& path, Param& param) override;
  void table(const std::string& path, Table& table) override;

 private:
  Device& device_;
  const Weights& weights_;
};

}  // namespace sagitta::models
