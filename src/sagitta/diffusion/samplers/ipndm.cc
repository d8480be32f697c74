#include "sagitta/diffusion/samplers/ipndm.h"

#include "sagitta/diffusion/samplers/common.h"

#include <array>
#include <deque>

namespace sagitta::sampling {
namespace {

constexpr std::size_t kOrder = 4;
using Weights =
    std::array<double, kOrder>;  // of the directions, the newest first; they add up to 1

Weights fixed_weights(std::size_t order) {
  switch (order) {
    case 1:
      return {1};
    case 2:
      return {3.0 / 2, -1.0 / 2};
    case 3:
      return {23.0 / 12, -16.0 / 12, 5.0 / 12};
    default:
      return {55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24};
  }
}

// The weights for unequal steps, built up order by order from divided differences. The third-order
// term follows the published code, in which a bracket is missing, and not the exact integral.
Weights variable_weights(const std::vector<float>& sigmas, std::size_t i, std::size_t order) {
  if (order == 1) return {1};
  const auto step = [&](std::size_t back) {
    return static_cast<double>(sigmas[i - back + 1]) - sigmas[i - back];
  };
  const double h = step(0);
  const double h1 = step(1);
  Weights weights{1 + h / h1 / 2, -h / h1 / 2};
  if (order == 2) return weights;

  const double h2 = step(2);
  const double second = (1 - h / (3 * (h + h1)) * (h * (h + h1)) / (h1 * (h1 + h2))) / 2;
  weights[0] += second;
  weights[1] -= (1 + h1 / h2) * second;
  weights[2] += second * h1 / h2;
  if (order == 3) return weights;

  const double h3 = step(3);
  const double third =
      ((1 - h / (3 * (h + h1))) / 2 + (1 - h / (2 * (h + h1))) * h / (6 * (h + h1 + h2))) *
      (h * (h + h1) * (h + h1 + h2)) / (h1 * (h1 + h2) * (h1 + h2 + h3));
  const double ratio = h1 * (h1 + h2) / (h2 * (h2 + h3));
  weights[0] += third;
  weights[1] -= (1 + h1 / h2 + ratio) * third;
  weights[2] += (h1 / h2 + ratio * (1 + h2 / h3)) * third;
  weights[3] -= third * ratio * h1 / h2;
  return weights;
}

template <class WeightsOf>
Array multistep(const SamplerRun& run, Array x, WeightsOf weights_of) {
  const auto& sigmas = run.sigmas;
  std::deque<Array> directions;  // the newest first
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    directions.push_front(direction(x, denoised, sigmas[i]));
    if (directions.size() > kOrder) directions.pop_back();
    if (sigmas[i + 1] == 0) {
      x = denoised;
      continue;
    }
    const Weights weights = weights_of(i, directions.size());
    const double step = static_cast<double>(sigmas[i + 1]) - sigmas[i];
    for (std::size_t j = 0; j < directions.size(); ++j) {
      x = combine({{1, x}, {step * weights[j], directions[j]}});
    }
  }
  return x;
}

}  // namespace

Array ipndm(const SamplerRun& run, Array x) {
  return multistep(run, std::move(x),
                   [](std::size_t, std::size_t order) { return fixed_weights(order); });
}

Array ipndm_v(const SamplerRun& run, Array x) {
  return multistep(run, std::move(x), [&](std::size_t i, std::size_t order) {
    return variable_weights(run.sigmas, i, order);
  });
}

}  // namespace sagitta::sampling
