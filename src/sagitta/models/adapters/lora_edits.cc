#include "sagitta/models/adapters/lora_edits.h"

#include "sagitta/base/error.h"
#include "sagitta/models/adapters/lora_update.h"

#include <cmath>
#include <limits>
#include <utility>

namespace sagitta::models {
namespace {

Shape without_trailing_ones(Shape shape) {
  while (shape.size() > 1 && shape.back() == 1) shape.pop_back();
  return shape;
}

// DoRA: weight moves by strength towards the adapted weight, whose rows (per_output) or input
// channels are given the norms.
void decompose(Array& weight, const Array& update, const Array& norms, bool per_output,
               float strength) {
  const std::int64_t outputs = weight.dim(0);
  const std::int64_t inputs = weight.rank() > 1 ? weight.dim(1) : 1;
  const std::int64_t taps = static_cast<std::int64_t>(weight.size()) / (outputs * inputs);
  const Array adapted = weight + update.reshaped(weight.shape());
  const auto each = [&](auto&& visit) {
    std::size_t i = 0;
    for (std::int64_t out = 0; out < outputs; ++out) {
      for (std::int64_t in = 0; in < inputs; ++in) {
        for (std::int64_t tap = 0; tap < taps; ++tap, ++i) {
          visit(i, static_cast<std::size_t>(per_output ? out : in));
        }
      }
    }
  };
  std::vector<double> squares(norms.size());
  each([&](std::size_t i, std::size_t at) {
    const double value = per_output ? weight[i] : adapted[i];
    squares[at] += value * value;
  });
  std::vector<float> factors(norms.size());
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const auto norm = static_cast<float>(std::sqrt(squares[i]));
    factors[i] = norms[i] / (norm + std::numeric_limits<float>::epsilon());
  }
  each([&](std::size_t i, std::size_t at) {
    const float wanted = adapted[i] * factors[at];
    weight[i] = strength == 1 ? wanted : weight[i] + strength * (wanted - weight[i]);
  });
}

// Turns modules into edits of one network.
class Editor {
 public:
  Editor(const Weights& weights, float strength) : weights_(weights), strength_(strength) {}

  // Of several changes to one weight in one module the last counts.
  void add(const LoraModuleView& module, const std::string& weight) {
    add_update(module, weight);
    add_difference(module, LoraPart::norm_diff, weight);
    add_difference(module, LoraPart::diff, weight);
    if (const StoredTensor* values = module.find(LoraPart::set_weight)) {
      require_shape(module, LoraPart::set_weight, weight);
      edits_[weight] = [values = *values](Array& w) { w = to_array(values).reshaped(w.shape()); };
    }
    const std::string bias = weight.substr(0, weight.rfind('.')) + ".bias";
    if (weights_.find(bias) == nullptr) return;
    add_difference(module, LoraPart::norm_bias_diff, bias);
    add_difference(module, LoraPart::diff_bias, bias);
  }

  [[nodiscard]] WeightEdits take() && { return std::move(edits_); }

 private:
  void require_shape(const LoraModuleView& module, LoraPart part, const std::string& weight) const {
    const Shape& found = module.get(part).shape;
    const Shape& expected = weights_.find(weight)->shape;
    require(without_trailing_ones(found) == without_trailing_ones(expected), Fault::bad_file,
            "{}: part '{}' of '{}' is {}, but the model's '{}' is {}: the adapter was made for "
            "another model",
            module.file(), name_of(part), module.name(), to_string(found), weight,
            to_string(expected));
  }

  void add_difference(const LoraModuleView& module, LoraPart part, const std::string& weight) {
    const StoredTensor* values = module.find(part);
    if (values == nullptr) return;
    require_shape(module, part, weight);
    if (strength_ == 0) return;
    edits_[weight] = [values = *values, strength = strength_](Array& w) {
      w += to_array(values).reshaped(w.shape()) * strength;
    };
  }

  void add_update(const LoraModuleView& module, const std::string& weight) {
    std::optional<LoraUpdate> update = lora_update(module);
    if (!update) return;
    const Shape& shape = weights_.find(weight)->shape;
    const std::int64_t outputs = shape.empty() ? 1 : shape[0];
    require(update->rows == outputs && update->rows * update->cols == element_count(shape),
            Fault::bad_file,
            "{}: '{}' changes a matrix of {}x{}, but the model's '{}' is {}: the adapter was made "
            "for another model",
            module.file(), module.name(), update->rows, update->cols, weight, to_string(shape));
    const StoredTensor* norms = module.find(LoraPart::dora_scale);
    if (norms == nullptr) {
      if (strength_ == 0) return;
      edits_[weight] = [update = std::move(*update), strength = strength_](Array& w) {
        w += update.matrix().reshaped(w.shape()) * (strength * update.scale);
      };
      return;
    }
    const std::int64_t inputs = shape.size() > 1 ? shape[1] : 1;
    const std::int64_t count = element_count(norms->shape);
    const bool per_output = count == outputs && !norms->shape.empty() && norms->shape[0] == outputs;
    require(per_output || count == inputs, Fault::bad_file,
            "{}: part 'dora_scale' of '{}' is {}, which is neither one norm per output nor one per "
            "input of the model's '{}', {}",
            module.file(), module.name(), to_string(norms->shape), weight, to_string(shape));
    if (strength_ == 0) return;
    edits_[weight] = [update = std::move(*update), norms = *norms, per_output,
                      strength = strength_](Array& w) {
      decompose(w, update.matrix() * update.scale, to_array(norms), per_output, strength);
    };
  }

  const Weights& weights_;
  float strength_;
  WeightEdits edits_;
};

}  // namespace

LoraEdits lora_edits(const Lora& lora, const LoraNames& names, const Weights& weights,
                     float strength) {
  LoraEdits result;
  Editor editor(weights, strength);
  for (const auto& [name, parts] : lora.modules) {
    const auto weight = names.find(name);
    if (weight == names.end()) continue;
    editor.add(LoraModuleView(lora, name, parts), weight->second);
    result.modules.insert(name);
  }
  result.edits = std::move(editor).take();
  return result;
}

}  // namespace sagitta::models
