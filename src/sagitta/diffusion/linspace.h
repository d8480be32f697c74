// Evenly spaced values in single precision, rounded as upstream rounds them: sigmas that are made
// from them decide, to the last bit, which whole timestep a network is asked for.
#pragma once

#include <vector>

namespace sagitta {

// `count` >= 1 values from first to last, both included, counted from the nearer end.
[[nodiscard]] inline std::vector<float> linspace(float first, float last, int count) {
  const float step = count > 1 ? (last - first) / static_cast<float>(count - 1) : 0;
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(i < count / 2 || count == 1 ? first + step * static_cast<float>(i)
                                                 : last - step * static_cast<float>(count - 1 - i));
  }
  return values;
}

}  // namespace sagitta
