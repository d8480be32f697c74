// Loading: a module's walk over its weights meets the tensors of a file. Whatever does not fit is
// collected and reported at once.
#pragma once

#include "sagitta/core/device.h"
#include "sagitta/core/stored.h"
#include "sagitta/nn/params.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sagitta::models {

struct WrongShape {
  std::string key;
  Shape expected;
  Shape found;
};

// What loading one module found.
struct LoadReport {
  std::string part;  // "UNet", "VAE decoder"...
  std::size_t loaded = 0;
  std::size_t stored_bytes = 0;
  std::vector<std::string> missing;
  std::vector<WrongShape> wrong_shape;

  [[nodiscard]] bool complete() const { return missing.empty() && wrong_shape.empty(); }
};

// The tensors whose names begin with prefix, under the rest of their names.
[[nodiscard]] StateDict with_prefix(const StateDict& tensors, std::string_view prefix);

// Told of each tensor whose values are on the device now.
using Loaded = std::function<void(const StoredTensor&)>;

// Loads every weight of the module from tensors to the device. A tensor fits if its shape is the
// expected one up to trailing ones, since 1x1 convolutions and linear layers are the same thing.
class LoadParams : public ParamVisitor {
 public:
  // Without a device nothing is loaded, only checked.
  LoadParams(Device* device, const StateDict& tensors, std::string part, Loaded loaded = {});
  void param(const std::string& path, Param& param) override;
  void table(const std::string& path, Table& table) override;
  [[nodiscard]] const LoadReport& report() const { return report_; }

 private:
  // The tensor for path in the expected shape, or null after a note in the report.
  [[nodiscard]] const StoredTensor* find(const std::string& path, const Shape& expected);

  Device* device_;
  const StateDict& tensors_;
  Loaded loaded_;
  LoadReport report_;
};

// Throws bad_file naming the file, the part and the first few keys that are missing or misshapen.
void require_complete(const LoadReport& report, const std::string& file);

template <class Module>
LoadReport load_module(Module& module, Device* device, const StateDict& tensors, std::string part,
                       Loaded loaded = {}) {
  LoadParams load(device, tensors, std::move(part), std::move(loaded));
  module.params(load);
  if (device != nullptr) device->memory().trim();  // values on their way into weights are gone
  return load.report();
}

}  // namespace sagitta::models
