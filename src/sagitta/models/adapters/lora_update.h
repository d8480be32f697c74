// What a module of an adapter adds to its weight, checked at once and computed when it is needed.
#pragma once

#include "sagitta/models/adapters/lora_file.h"

#include <functional>
#include <optional>
#include <string>

namespace sagitta::models {

// The parts of one module under the names that messages use. References the Lora.
class LoraModuleView {
 public:
  LoraModuleView(const Lora& lora, const std::string& name, const LoraModule& parts)
      : lora_(lora), name_(name), parts_(parts) {}

  [[nodiscard]] const std::string& file() const { return lora_.name; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // The part, or nullptr.
  [[nodiscard]] const StoredTensor* find(LoraPart part) const;
  // Throws bad_file if the part is missing.
  [[nodiscard]] const StoredTensor& get(LoraPart part) const;

 private:
  const Lora& lora_;
  const std::string& name_;
  const LoraModule& parts_;
};

// A low-rank, Hadamard or Kronecker update as a matrix (out, all other axes of the weight).
struct LoraUpdate {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::function<Array()> matrix;  // (rows, cols), unscaled
  float scale = 1;                // alpha / rank
};

// The update of a module, if it has one; of several kinds in one module Kronecker goes before
// Hadamard before low-rank. Throws bad_file if parts are missing or do not fit together.
[[nodiscard]] std::optional<LoraUpdate> lora_update(const LoraModuleView& module);

}  // namespace sagitta::models
