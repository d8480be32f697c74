// A Brownian path over an interval of sigmas, as the SDE samplers need it: however the steps are
// chosen, the noise of an interval is the sum of the noises of its parts. It is a virtual binary
// tree (after torchsde): the interval is halved again and again, each node draws its midpoint from
// a generator of its own, and nothing is stored, so memory does not grow with the number of
// queries.
#pragma once

#include "sagitta/core/array.h"

#include <cstdint>

namespace sagitta {

class BrownianTree {
 public:
  // A path of arrays of `shape` over [sigma_min, sigma_max]; equal seeds give equal paths. All 64
  // bits of the seed count. Throws bad_input unless the bounds are finite and sigma_min <
  // sigma_max.
  BrownianTree(std::uint64_t seed, Shape shape, double sigma_min, double sigma_max);

  // (W(sigma_next) - W(sigma)) / sqrt|sigma_next - sigma|: standard normal values. Both are clamped
  // to the interval; times are rounded to six decimals. If they coincide after that the values are
  // 0.
  [[nodiscard]] Array noise(float sigma, float sigma_next) const;

 private:
  struct Node {
    double begin;
    double end;
    std::uint64_t path;  // the turns taken from the root, right = 1
    std::uint64_t depth;
    Array increment;  // W(end) - W(begin)
  };

  [[nodiscard]] Array draw(std::uint64_t seed) const;
  // Adds W(end) - W(begin), restricted to the node, to sum. Consumes the node.
  void add_increment(Node node, double begin, double end, Array& sum) const;

  std::uint64_t seed_;
  Shape shape_;
  double begin_;
  double end_;
};

}  // namespace sagitta
