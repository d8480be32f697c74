#include "sagitta/models/random_weights.h"

#include <cmath>

namespace sagitta::models {
namespace {

// splitmix64 (Steele et al. 2014): quality is of no concern here, speed is.
std::uint64_t next(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

}  // namespace

StoredTensor RandomWeights::make(const std::string& path, const Shape& shape) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  const auto values = std::make_shared<std::vector<std::uint16_t>>(count);
  if (shape.size() == 1) {
    // Norms are the only vectors called weight.
    const float value = path.ends_with("weight") ? 1.0F : 0.0F;
    for (std::uint16_t& bits : *values) bits = f32_to_f16(value);
  } else {
    const auto inputs = static_cast<float>(element_count(shape) / shape[0]);
    const float width = std::sqrt(12.0F / inputs);  // a uniform of width w has the variance w^2 / 12
    for (std::uint16_t& bits : *values) {
      const float unit = static_cast<float>(next(state_) >> 40U) * 0x1p-24F - 0.5F;
      bits = f32_to_f16(unit * width);
    }
  }
  return {.dtype = DType::f16,
          .shape = shape,
          .data = reinterpret_cast<const std::byte*>(values->data()),
          .owner = values};
}

void RandomWeights::param(const std::string& path, Param& param) {
  StoredTensor values = make(path, param.shape);
  if (device_ != nullptr) {
    param.value = load_weight(*device_, param.use, values);
  } else {
    tensors_.emplace(prefix_ + path, std::move(values));
  }
}

void RandomWeights::table(const std::string& path, Table& table) {
  table.values = make(path, table.shape);
  if (device_ == nullptr) tensors_.emplace(prefix_ + path, table.values);
}

}  // namespace sagitta::models
