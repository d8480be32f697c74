// Reading of the golden data: one safetensors file with what it says about itself.
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/io/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace sagitta {

class Golden {
 public:
  // `path` is relative to the folder of the golden data.
  explicit Golden(const std::string& path)
      : file_(io::open_safetensors(std::string(SAGITTA_GOLDEN_DIR) + "/" + path)),
        params_(Json::parse(file_.metadata.at("params"))) {}

  [[nodiscard]] const Json& params() const { return params_; }
  [[nodiscard]] bool has(const std::string& name) const { return file_.tensors.contains(name); }
  [[nodiscard]] Array array(const std::string& name) const { return to_array(stored(name)); }
  // The values as they were stored; T must be as wide as an element.
  template <class T>
  [[nodiscard]] std::vector<T> raw(const std::string& name) const {
    const StoredTensor& tensor = stored(name);
    EXPECT_EQ(size_of(tensor.dtype), sizeof(T)) << name;
    std::vector<T> values(tensor.bytes() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), tensor.data, tensor.bytes());
    return values;
  }
  [[nodiscard]] std::vector<std::string> names(const std::string& prefix = "") const {
    std::vector<std::string> found;
    for (const auto& [name, tensor] : file_.tensors) {
      if (name.starts_with(prefix)) found.push_back(name);
    }
    return found;
  }

 private:
  [[nodiscard]] const StoredTensor& stored(const std::string& name) const {
    return file_.tensors.at(name);
  }

  io::Safetensors file_;
  Json params_;
};

// The largest absolute difference; infinite if the sizes differ or only one value is NaN.
[[nodiscard]] inline double max_difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    largest = std::isnan(difference) ? INFINITY : std::max(largest, difference);
  }
  return largest;
}

[[nodiscard]] inline double max_magnitude(std::span<const float> values) {
  double largest = 0;
  for (const float value : values) {
    if (!std::isnan(value)) largest = std::max<double>(largest, std::abs(value));
  }
  return largest;
}

// The largest difference over the largest magnitude of the expected values.
inline void expect_near_relative(std::span<const float> actual, std::span<const float> expected,
                                 double tolerance, const std::string& what) {
  EXPECT_EQ(actual.size(), expected.size()) << what;
  const double scale = max_magnitude(expected);
  EXPECT_LE(max_difference(actual, expected), tolerance * (scale > 0 ? scale : 1)) << what;
}

}  // namespace sagitta
