#include "sagitta/diffusion/samplers/lms.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>
#include <vector>

namespace sagitta::sampling {
namespace {

struct Node {
  double at;  // in -1..1
  double weight;
};

// Gauss-Legendre quadrature: exact for polynomials of degree below 2 count.
std::vector<Node> gauss_legendre(int count) {
  std::vector<Node> nodes;
  for (int k = 1; k <= count; ++k) {
    double at = std::cos(std::numbers::pi * (k - 0.25) / (count + 0.5));
    double slope = 1;
    // Newton's method on the Legendre polynomial, which its recurrence gives; four rounds reach
    // double precision from this start, so eight are plenty.
    for (int round = 0; round < 8; ++round) {
      double previous = 1;
      double value = at;
      for (int n = 2; n <= count; ++n) {
        const double next = ((2 * n - 1) * at * value - (n - 1) * previous) / n;
        previous = value;
        value = next;
      }
      slope = count * (at * value - previous) / (at * at - 1);
      at -= value / slope;
    }
    nodes.push_back({.at = at, .weight = 2 / ((1 - at * at) * slope * slope)});
  }
  return nodes;
}

// The integral from sigmas[i] to sigmas[i + 1] of the Lagrange polynomial that is 1 at sigmas[i -
// j] and 0 at the other ones of the last `order` sigmas.
double coefficient(const std::vector<float>& sigmas, std::size_t i, std::size_t j,
                   std::size_t order) {
  const double half = (static_cast<double>(sigmas[i + 1]) - sigmas[i]) / 2;
  const double centre = (static_cast<double>(sigmas[i + 1]) + sigmas[i]) / 2;
  double integral = 0;
  for (const Node& node : gauss_legendre(static_cast<int>(order) / 2 + 1)) {
    double product = 1;
    for (std::size_t k = 0; k < order; ++k) {
      if (k == j) continue;
      const double other = sigmas[i - k];
      product *= (centre + half * node.at - other) / (sigmas[i - j] - other);
    }
    integral += node.weight * product;
  }
  return integral * half;
}

}  // namespace

Array lms(const SamplerRun& run, Array x, const LmsParams& params) {
  require(params.order >= 1 && params.order <= 100, Fault::bad_input,
          "order must lie in 1..100, got {}", params.order);
  const auto& sigmas = run.sigmas;
  const auto most = static_cast<std::size_t>(params.order);
  std::deque<Array> directions;  // the newest first
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    directions.push_front(direction(x, denoised, sigmas[i]));
    if (directions.size() > most) directions.pop_back();
    if (sigmas[i + 1] == 0) {
      x = denoised;
      continue;
    }
    const std::size_t order = directions.size();
    for (std::size_t j = 0; j < order; ++j) {
      x = combine({{1, x}, {coefficient(sigmas, i, j, order), directions[j]}});
    }
  }
  return x;
}

}  // namespace sagitta::sampling
