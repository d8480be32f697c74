// Random weights in the shapes of a module: for benchmarks, which need no picture, and for
// checkpoints that test loading at full size.
#pragma once

#include "sagitta/nn/params.h"

#include <cstdint>

namespace sagitta::models {

// Visits a module and makes f16 values for each of its weights: uniform with the deviation
// 1 / sqrt(inputs) for matrices and kernels, so that activations stay in range; 1 and 0 for the
// scales and shifts of norms; 0 for other biases. The same seed makes the same values.
class RandomWeights : public ParamVisitor {
 public:
  // With a device the module's weights are loaded to it; without one they are only collected.
  RandomWeights(Device* device, std::uint64_t seed, std::string prefix = {})
      : device_(device), state_(seed), prefix_(std::move(prefix)) {}
  void param(const std::string& path, Param& param) override;
  void table(const std::string& path, Table& table) override;

  // What was made, under prefix + path. Empty if a device was given.
  [[nodiscard]] const StateDict& tensors() const { return tensors_; }

 private:
  [[nodiscard]] StoredTensor make(const std::string& path, const Shape& shape);

  Device* device_;
  std::uint64_t state_;
  std::string prefix_;
  StateDict tensors_;
};

}  // namespace sagitta::models
