#include "sagitta/models/layouts/scales.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace sagitta::models {
namespace {

constexpr std::array<std::string_view, 2> kFactors{".scale_weight", ".weight_scale"};
constexpr std::array<std::string_view, 4> kOthers{".scale_input", ".input_scale", ".comfy_quant",
                                                  "scaled_fp8"};

float factor_of(const std::string& name, const StoredTensor& tensor) {
  require(element_count(tensor.shape) == 1, Fault::unsupported,
          "tensor '{}' of shape {} scales parts of a weight; sagitta reads one factor per weight",
          name, to_string(tensor.shape));
  const float factor = to_array(tensor)[0];
  require(std::isfinite(factor), Fault::bad_file, "tensor '{}' is {}, not a finite factor", name,
          factor);
  return factor;
}

}  // namespace

bool belongs_to_scaling(std::string_view name) {
  const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
  return std::ranges::any_of(kFactors, ends) || std::ranges::any_of(kOthers, ends);
}

StateDict with_scales(const StateDict& file) {
  StateDict scaled;
  for (const auto& [name, tensor] : file) {
    if (!belongs_to_scaling(name)) scaled.emplace_hint(scaled.end(), name, tensor);
  }
  for (const auto& [name, tensor] : file) {
    for (const std::string_view ending : kFactors) {
      if (!name.ends_with(ending)) continue;
      const auto weight = scaled.find(name.substr(0, name.size() - ending.size()) + ".weight");
      if (weight != scaled.end()) weight->second.scale = factor_of(name, tensor);
    }
  }
  return scaled;
}

}  // namespace sagitta::models
