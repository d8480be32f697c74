#include "sagitta/models/weights.h"

#include "sagitta/base/error.h"

namespace sagitta::models {

const StoredTensor* Weights::find(std::string_view name) const {
  if (stored_ == nullptr) return nullptr;
  const auto it = stored_->find(name);
  return it == stored_->end() ? nullptr : &it->second;
}

std::vector<std::string> Weights::names() const {
  std::vector<std::string> names;
  if (stored_ == nullptr) return names;
  for (const auto& [name, tensor] : *stored_) names.push_back(name);
  return names;
}

Array Weights::value(std::string_view name) const {
  const StoredTensor* stored = find(name);
  require(stored != nullptr, Fault::bad_input, "the model has no weight '{}'", name);
  Array value = to_array(*stored);
  if (const auto it = edits_.find(name); it != edits_.end()) {
    for (const auto& edit : it->second) (*edit)(value);
  }
  require(value.shape() == stored->shape, Fault::internal, "an edit changed the shape of '{}'",
          name);
  return value;
}

Weights Weights::with(const WeightEdits& edits) const {
  Weights edited = *this;
  for (const auto& [name, edit] : edits) {
    require(find(name) != nullptr, Fault::bad_input, "the model has no weight '{}'", name);
    edited.edits_[name].push_back(std::make_shared<const WeightEdit>(edit));
  }
  return edited;
}

void PackEdited::param(const std::string& path, Param& param) {
  if (!weights_.edited(path)) return;
  param.value = load_weight(device_, param.use,
                            to_stored(weights_.value(path).reshaped(param.shape)));
}

void PackEdited::table(const std::string& path, Table& table) {
  if (weights_.edited(path)) table.values = to_stored(weights_.value(path));
}

}  // namespace sagitta::models
