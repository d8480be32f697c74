// The noise of the SDE samplers: a Brownian path over the sigmas of a run.
#pragma once

#include "sagitta/diffusion/brownian_tree.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <optional>

namespace sagitta::sampling {

class SdeNoise {
 public:
  // The path reaches from the smallest positive sigma of the run to the largest. Without two
  // different ones there is no step that could ask for noise.
  SdeNoise(const SamplerRun& run, const Shape& shape);
  // Throws bad_input if the path is empty.
  [[nodiscard]] Array operator()(float sigma, float sigma_next) const;

 private:
  std::optional<BrownianTree> tree_;
};

}  // namespace sagitta::sampling
